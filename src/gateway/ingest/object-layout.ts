import type { Catalog } from "../../catalog/catalog.js";
import type { SegmentFormat } from "../../model/file.js";
import { LAYOUT_NAME, type Layout } from "../../model/layout.js";
import type { PlacementTags } from "../../model/placement-tags.js";
import type { Tag } from "../../model/tag.js";

export const PACKING_DEFAULTS = {
  /** Objects of at most so many bytes share files; 0: none does. Others need a Packer beside the gateway. */
  maxObjectBytes: 0,
};

/** Which objects share files on CESS: small ones, unless they or their bucket want files of their own. */
export class ObjectLayout {
  constructor(
    private readonly components: {
      readonly catalog: Pick<Catalog, "documents">;
      readonly placementTags?: PlacementTags | undefined;
    },
    private readonly settings: typeof PACKING_DEFAULTS,
  ) {}

  /** Of objects of any size with this metadata. `format`: DeOSS's scheme seals whole segments, so it is not packed. */
  async of(
    bucket: string,
    metadata: Readonly<Record<string, string>>,
    format: SegmentFormat | undefined,
  ): Promise<(size: number) => Layout> {
    const { maxObjectBytes } = this.settings;
    const own = format?.name === "cess-cbc" || (await this.wanted(bucket, metadata)) === "own-file";
    return (size) => (own || size > maxObjectBytes ? "own-file" : "pack");
  }

  /** Whether objects of `bucket` must not share files of objects of `source`: it chooses storage nodes, and others. */
  async isPlacedApart(bucket: string, source: string): Promise<boolean> {
    const { placementTags } = this.components;
    if (bucket === source || !placementTags) return false;
    const [own, other] = [await this.placement(bucket), await this.placement(source)];
    return own.length > 0 && JSON.stringify(own) !== JSON.stringify(other);
  }

  private async placement(bucket: string): Promise<readonly Tag[]> {
    const { catalog, placementTags } = this.components;
    const tags = (await catalog.documents.get(bucket, "tagging")) ?? [];
    return placementTags?.chosen(tags) ?? [];
  }

  private async wanted(bucket: string, metadata: Readonly<Record<string, string>>): Promise<string | undefined> {
    const { catalog, placementTags } = this.components;
    const own = metadata[LAYOUT_NAME];
    const tags = (await catalog.documents.get(bucket, "tagging")) ?? [];
    // A pack has objects of all its owner's buckets, so one that chooses storage nodes has none in it.
    if (placementTags?.apply(tags)) return "own-file";
    if (own !== undefined) return own;
    return tags.find(({ key }) => key === LAYOUT_NAME)?.value;
  }
}

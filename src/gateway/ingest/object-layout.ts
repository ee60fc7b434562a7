import type { Catalog } from "../../catalog/catalog.js";
import type { SegmentFormat } from "../../model/file.js";
import { LAYOUT_NAME, type Layout } from "../../model/layout.js";

export const PACKING_DEFAULTS = {
  /** Objects of at most so many bytes share files; 0: none does. Others need a Packer beside the gateway. */
  maxObjectBytes: 0,
};

/** Which objects share files on CESS: small ones, unless they or their bucket want files of their own. */
export class ObjectLayout {
  constructor(
    private readonly components: { readonly catalog: Pick<Catalog, "documents"> },
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

  private async wanted(bucket: string, metadata: Readonly<Record<string, string>>): Promise<string | undefined> {
    const own = metadata[LAYOUT_NAME];
    if (own !== undefined) return own;
    const tags = (await this.components.catalog.documents.get(bucket, "tagging")) ?? [];
    return tags.find(({ key }) => key === LAYOUT_NAME)?.value;
  }
}

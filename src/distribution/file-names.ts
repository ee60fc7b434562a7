import type { FileRow } from "../catalog/catalog.js";
import { chainName, CHAIN_NAME_TAG } from "../model/chain-name.js";
import type { DistributionComponents } from "./components.js";

/**
 * The names that files have on chain: tokens that say nothing, or, in buckets whose owners want it, the names of their
 * objects. A pack and a journal have tokens always.
 */
export class FileNames {
  constructor(private readonly context: Pick<DistributionComponents, "catalog" | "orderNames">) {}

  async of({ id, layout, journal, chainName: given }: FileRow): Promise<string> {
    if (given !== undefined) return given;
    if (journal) {
      const { snapshot, whole, number, stream } = journal;
      const kind = snapshot ? "snapshot" : "journal";
      return this.context.orderNames.name({ kind: whole ? kind : `${kind}-part`, number, stream });
    }
    const named = layout === "own-file" ? await this.objectName(id) : undefined;
    return named ?? this.context.orderNames.name({ kind: layout, number: Number(id) });
  }

  /** Of the first object in the file. Undefined if its bucket has no such tag, or nothing of its key can be said. */
  private async objectName(file: string): Promise<string | undefined> {
    const { checks, documents, takeOvers } = this.context.catalog;
    const [object = await takeOvers.objectOf(file)] = await checks.objects(file, 1);
    if (!object) return undefined;
    const tags = (await documents.get(object.bucket, "tagging")) ?? [];
    return tags.some(({ key, value }) => key === CHAIN_NAME_TAG && value === "key") ? chainName(object.key) : undefined;
  }
}

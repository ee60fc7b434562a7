import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog, Released } from "../../catalog/catalog.js";
import type { BlobId } from "../../model/object.js";

export interface StagingComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  /** Called with failures to remove orphaned blobs. Clients need not know: the sweeper tries again. */
  readonly onFault?: (error: unknown) => void;
}

/** Bytes first, row second: commits new blobs to the catalog, and removes those that no row links. */
export class Staging {
  constructor(private readonly components: StagingComponents) {}

  /**
   * Runs the transaction that links fresh blobs, then removes the blobs that it orphaned. If the transaction fails, the
   * fresh blobs are removed, except those that the catalog links: the transaction may have happened although its answer
   * is an error.
   */
  async commit<Result extends Released>(fresh: readonly BlobId[], transaction: () => Promise<Result>): Promise<Result> {
    let result: Result;
    try {
      this.components.blobs.requireFresh(fresh);
      result = await transaction();
    } catch (error) {
      await this.removeOrphans(async () => this.components.catalog.orphans(fresh));
      throw error;
    } finally {
      // From now on the catalog decides: after a crash or a failed removal, the sweeper removes blobs without a link.
      this.components.blobs.settle(fresh);
    }
    await this.removeOrphans(() => Promise.resolve(result.orphans));
    return result;
  }

  private async removeOrphans(find: () => Promise<readonly BlobId[]>): Promise<void> {
    try {
      const orphans = await find();
      if (orphans.length > 0) await this.components.blobs.remove(orphans);
    } catch (error) {
      this.components.onFault?.(error);
    }
  }
}

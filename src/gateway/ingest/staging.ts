import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog, Released } from "../../catalog/catalog.js";
import type { BlobId } from "../../model/object.js";

export interface StagingComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  /** Told of failures to clean up, which no client has to know of: the sweeper tries again. */
  readonly onFault?: (error: unknown) => void;
}

/** Bytes first, row second: what happens to fresh blobs once the catalog has taken them or refused them. */
export class Staging {
  constructor(private readonly components: StagingComponents) {}

  /**
   * Runs the transaction that links fresh blobs, then lets go of those it orphaned. When it fails, the fresh blobs go,
   * but only those the catalog does not link: a failed answer is no proof that the transaction did not happen.
   */
  async commit<Result extends Released>(fresh: readonly BlobId[], transaction: () => Promise<Result>): Promise<Result> {
    let result: Result;
    try {
      result = await transaction();
    } catch (error) {
      await this.tidy(async () => this.components.catalog.orphans(fresh));
      throw error;
    } finally {
      // From here the catalog's word holds for them: a crash or a failed removal leaves them to the sweeper.
      this.components.blobs.settle(fresh);
    }
    await this.tidy(() => Promise.resolve(result.orphans));
    return result;
  }

  private async tidy(find: () => Promise<readonly BlobId[]>): Promise<void> {
    try {
      const orphans = await find();
      if (orphans.length > 0) await this.components.blobs.remove(orphans);
    } catch (error) {
      this.components.onFault?.(error);
    }
  }
}

import { performance } from "node:perf_hooks";
import { DomainError } from "../model/errors.js";
import type { BlobId } from "../model/object.js";

/**
 * How long ago something was, by two clocks of this machine: one may be set, and the other stands still while the machine
 * sleeps. The longer time counts.
 */
export class Since {
  private readonly wall = Date.now();
  private readonly monotonic = performance.now();

  get ms(): number {
    return Math.max(Date.now() - this.wall, performance.now() - this.monotonic);
  }
}

/**
 * The blobs that this process wrote and the catalog does not know yet. Others judge them by age, so they are kept young,
 * and one that was not for too long may not be linked any more: it may be gone.
 */
export class FreshBlobs {
  private readonly blobs = new Map<BlobId, Since>();

  /** `linkMs`: a blob may be linked for so long after it was written, or made young. */
  constructor(private readonly linkMs: number) {}

  add(id: BlobId, since = new Since()): void {
    this.blobs.set(id, since);
  }

  forget(ids: readonly BlobId[]): void {
    for (const id of ids) this.blobs.delete(id);
  }

  /** Those that must be made young again now. */
  aging(): BlobId[] {
    return [...this.blobs].filter(([, since]) => since.ms > this.linkMs / 4).map(([id]) => id);
  }

  /** Notes that a blob was made young; not of one that was forgotten meanwhile. */
  renewed(id: BlobId, since: Since): void {
    if (this.blobs.has(id)) this.blobs.set(id, since);
  }

  /** Throws DomainError `dependencyUnavailable` for a blob that may be gone. */
  require(ids: readonly BlobId[]): void {
    for (const id of ids) {
      const since = this.blobs.get(id);
      if (since === undefined || since.ms > this.linkMs)
        throw new DomainError(
          { kind: "dependencyUnavailable" },
          "The body waited too long for its entry in the catalog. Send it again.",
        );
    }
  }
}

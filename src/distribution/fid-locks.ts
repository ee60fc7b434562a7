import type { Fid } from "../model/hash.js";

/**
 * Serialises what this process signs about one FID: "declaring a pending deal again overwrites it". A holder may wait
 * for a finalized block, so jobs do not queue for the lock: one that does not get it tries again later.
 */
export class FidLocks {
  private readonly held = new Set<Fid>();

  /** Runs the action alone for its FID; undefined at once when another one is running. */
  async tryRun<T>(fid: Fid, action: () => Promise<T>): Promise<T | undefined> {
    if (this.held.has(fid)) return undefined;
    this.held.add(fid);
    try {
      return await action();
    } finally {
      this.held.delete(fid);
    }
  }
}

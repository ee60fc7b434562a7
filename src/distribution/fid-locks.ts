import type { Fid } from "../model/hash.js";

/**
 * Serialises what this process signs about one FID: "declaring a pending deal again overwrites it". A holder may wait
 * for a finalized block, so nobody queues for the lock: who does not get it comes back later.
 */
export class FidLocks {
  private readonly held = new Set<Fid>();

  /** Runs the action alone for its FID; undefined at once when another one runs. */
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

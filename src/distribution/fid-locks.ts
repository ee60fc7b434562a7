import { whileLocked } from "../async/kept-lease.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Fid } from "../model/hash.js";
import type { DistributionContext } from "./components.js";

/** What is done about a FID, by whoever holds its lock. */
export interface FidAction<T> {
  /** `catalog`: refuses writes once the lock is lost. `signal`: aborts then. */
  (catalog: Catalog, signal: AbortSignal): Promise<T>;
}

/**
 * Serialises what gateways sign about one FID: "declaring a pending deal again overwrites it". A holder may wait
 * for a finalized block, so jobs do not queue for the lock: one that does not get it tries again later.
 */
export class FidLocks {
  private readonly held = new Set<Fid>();

  constructor(
    private readonly context: Pick<DistributionContext, "catalog" | "clock" | "log">,
    private readonly settings: { readonly leaseMs: number },
  ) {}

  /**
   * Runs the action alone for its FID; undefined at once when another one is running, here or at another gateway.
   * `catalog`: the job's own. Rejects with LeaseLost when the lock was lost meanwhile.
   */
  async tryRun<T>(fid: Fid, catalog: Catalog, signal: AbortSignal, action: FidAction<T>): Promise<T | undefined> {
    if (this.held.has(fid)) return undefined;
    this.held.add(fid);
    try {
      return catalog.shared ? await this.overAll(fid, catalog, signal, action) : await action(catalog, signal);
    } finally {
      this.held.delete(fid);
    }
  }

  private async overAll<T>(
    fid: Fid,
    catalog: Catalog,
    signal: AbortSignal,
    action: FidAction<T>,
  ): Promise<T | undefined> {
    const { clock, log } = this.context;
    const { locks } = this.context.catalog;
    const { leaseMs } = this.settings;
    const lock = await locks.acquire(`fid:${fid}`, leaseMs);
    if (!lock) return undefined;
    const fenced = catalog.fenced(() => lock);
    return whileLocked({ locks, clock, log }, { lock, leaseMs }, signal, (running) => action(fenced, running));
  }
}

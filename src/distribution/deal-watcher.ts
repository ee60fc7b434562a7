import type { Catalog } from "../catalog/catalog.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainEvent } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";

/** FIDs with unhandled events; with more of them every waiting job is woken instead. */
const PENDING_LIMIT = 1_000;

export interface DealWatcherParts extends Pick<DistributionContext, "log" | "wake"> {
  readonly catalog: Pick<Catalog, "jobs">;
  readonly chain: Pick<Chain, "watch">;
}

/**
 * Makes jobs due on the chain's events. An event proves nothing, it only tells when to look. A lost one (by a crash, or
 * a catalog that does not answer) only costs time, until the job looks by itself.
 */
export class DealWatcher {
  private readonly context: DealWatcherParts;
  private readonly pending = new Set<Fid>();
  private gap = false;
  private flushing: Promise<void> | undefined;
  private readonly unwatch: () => void;

  constructor(context: DealWatcherParts) {
    this.context = context;
    this.unwatch = context.chain.watch((event) => this.hear(event));
  }

  /** Stops listening; resolves when the events so far are in the catalog. */
  async close(): Promise<void> {
    this.unwatch();
    await this.flushing;
  }

  private hear(event: ChainEvent): void {
    if (event.kind === "gap" || this.pending.size >= PENDING_LIMIT) {
      this.gap = true;
      this.pending.clear();
    } else {
      this.pending.add(event.fid);
    }
    this.flushing ??= this.flush().finally(() => {
      this.flushing = undefined;
    });
  }

  private async flush(): Promise<void> {
    const { catalog, log, wake } = this.context;
    // Begun in a later turn of the event loop, so that the events of one block make one flush.
    await Promise.resolve();
    while (this.gap || this.pending.size > 0) {
      try {
        const woken = await this.wakeJobs(catalog);
        if (woken > 0) {
          wake("store");
          wake("delete");
        }
      } catch (error) {
        log.warn({ err: error }, "jobs could not be woken by a chain event; they will look by themselves");
      }
    }
  }

  private async wakeJobs(catalog: Pick<Catalog, "jobs">): Promise<number> {
    if (this.gap) {
      this.gap = false;
      return (await catalog.jobs.wakeAll("store")) + (await catalog.jobs.wakeAll("delete"));
    }
    const fids = [...this.pending];
    this.pending.clear();
    let woken = 0;
    for (const fid of fids) woken += await catalog.jobs.wakeFid(fid);
    return woken;
  }
}

import type { Worker } from "../background/worker.js";
import type { DistributionComponents, DistributionContext } from "./components.js";
import { Counters, type DistributionCounts } from "./counters.js";
import { DealWatcher } from "./deal-watcher.js";
import { DeleteJob } from "./delete-job.js";
import { Delivery } from "./delivery.js";
import { EncodeJob } from "./encode-job.js";
import { FidLocks } from "./fid-locks.js";
import { JobWorker } from "./job-worker.js";
import { Ordering } from "./ordering.js";
import { DISTRIBUTION_DEFAULTS, type DistributionSettings } from "./settings.js";
import { StoreContext } from "./store-context.js";
import { StoreJob } from "./store-job.js";
import { Transfer } from "./transfer.js";

/** Stores staged files on twelve storage nodes each, and deletes them again: three workers for a supervisor. */
export class Distribution {
  /** Named after their kinds of jobs: encode, store, delete. */
  readonly workers: readonly { readonly worker: Worker; readonly concurrency: number }[];
  private readonly context: DistributionContext;
  private watcher: DealWatcher | undefined;

  constructor(components: DistributionComponents, partial: Partial<DistributionSettings> = {}) {
    const settings = { ...DISTRIBUTION_DEFAULTS, ...partial };
    const context: DistributionContext = { ...components, counters: new Counters() };
    const locks = new FidLocks();
    const storeContext = new StoreContext(context, settings);
    const ordering = new Ordering(context, storeContext);
    const transfer = new Transfer(context, settings);
    const delivery = new Delivery({ ...context, storeContext, transfer }, settings);
    const store = new StoreJob({ catalog: context.catalog, storeContext, ordering, delivery, locks });
    const remove = new DeleteJob({ ...context, storeContext, locks }, settings);
    this.context = context;
    this.workers = [
      {
        worker: new JobWorker("encode", new EncodeJob(context), context, settings),
        concurrency: settings.encodeConcurrency,
      },
      { worker: new JobWorker("store", store, context, settings), concurrency: settings.storeConcurrency },
      { worker: new JobWorker("delete", remove, context, settings), concurrency: settings.deleteConcurrency },
    ];
  }

  /** Begins to listen to the chain, whose events make waiting jobs due. To be called once; `close` ends it. */
  watch(): void {
    this.watcher ??= new DealWatcher(this.context);
  }

  /** Ends listening. Drain the supervisor that runs the workers first. */
  async close(): Promise<void> {
    await this.watcher?.close();
    this.watcher = undefined;
  }

  /** Counters since start, by name. */
  metrics(): DistributionCounts {
    return this.context.counters.snapshot();
  }
}

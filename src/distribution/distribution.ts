import type { Worker } from "../background/worker.js";
import type { JobKind } from "../catalog/catalog.js";
import type { DistributionComponents, DistributionContext } from "./components.js";
import { Counters, type DistributionCounts } from "./counters.js";
import { DealWatcher } from "./deal-watcher.js";
import { jobHandlers } from "./job-handlers.js";
import { JobWorker } from "./job-worker.js";
import { DISTRIBUTION_DEFAULTS, type DistributionSettings } from "./settings.js";

/** Stores staged files on twelve storage nodes each, and deletes them again: three workers for a supervisor. */
export class Distribution {
  /** Named after their kinds of jobs: encode, store, delete. */
  readonly workers: readonly { readonly worker: Worker; readonly concurrency: number }[];
  private readonly context: DistributionContext;
  private watcher: DealWatcher | undefined;

  constructor(components: DistributionComponents, partial: Partial<DistributionSettings> = {}) {
    const settings = { ...DISTRIBUTION_DEFAULTS, ...partial };
    const context: DistributionContext = { ...components, counters: new Counters() };
    const handlers = jobHandlers(context, settings);
    const worker = (kind: JobKind) => new JobWorker(kind, handlers[kind], context, settings);
    this.context = context;
    this.workers = [
      { worker: worker("encode"), concurrency: settings.encodeConcurrency },
      { worker: worker("store"), concurrency: settings.storeConcurrency },
      { worker: worker("delete"), concurrency: settings.deleteConcurrency },
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

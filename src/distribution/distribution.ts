import type { Worker } from "../background/worker.js";
import type { DistributionComponents, Shared } from "./components.js";
import { Counters } from "./counters.js";
import { DealWatcher } from "./deal-watcher.js";
import { DeleteJob } from "./delete-job.js";
import { Delivery } from "./delivery.js";
import { EncodeJob } from "./encode-job.js";
import { FidLocks } from "./fid-locks.js";
import { JobWorker } from "./job-worker.js";
import { Ordering } from "./ordering.js";
import { DISTRIBUTION_DEFAULTS, type DistributionSettings } from "./settings.js";
import { StoreDesk } from "./store-desk.js";
import { StoreJob } from "./store-job.js";
import { Transfer } from "./transfer.js";

/** From staged bytes to a file that twelve storage nodes keep, and away again: three workers for a supervisor. */
export class Distribution {
  /** Named after the jobs they do: encode, store, delete. */
  readonly workers: readonly { readonly worker: Worker; readonly concurrency: number }[];
  readonly #shared: Shared;
  #watcher: DealWatcher | undefined;

  constructor(components: DistributionComponents, partial: Partial<DistributionSettings> = {}) {
    const settings = { ...DISTRIBUTION_DEFAULTS, ...partial };
    const shared: Shared = { ...components, counters: new Counters() };
    const locks = new FidLocks();
    const desk = new StoreDesk(shared, settings);
    const ordering = new Ordering(shared, desk);
    const transfer = new Transfer(shared, settings);
    const delivery = new Delivery({ ...shared, desk, transfer }, settings);
    const store = new StoreJob({ catalog: shared.catalog, desk, ordering, delivery, locks });
    const remove = new DeleteJob({ ...shared, desk, locks }, settings);
    this.#shared = shared;
    this.workers = [
      {
        worker: new JobWorker("encode", new EncodeJob(shared), shared, settings),
        concurrency: settings.encodeConcurrency,
      },
      { worker: new JobWorker("store", store, shared, settings), concurrency: settings.storeConcurrency },
      { worker: new JobWorker("delete", remove, shared, settings), concurrency: settings.deleteConcurrency },
    ];
  }

  /** Begins to listen to the chain: its events make waiting jobs due. Once; `close` ends it. */
  watch(): void {
    this.#watcher ??= new DealWatcher(this.#shared);
  }

  /** Ends listening. The workers are the supervisor's: drain it first. */
  async close(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Counters since start, by name. */
  metrics(): Readonly<Record<string, number>> {
    return this.#shared.counters.snapshot();
  }
}

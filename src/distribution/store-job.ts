import type { Catalog, FileRow, Job } from "../catalog/catalog.js";
import { damageOf } from "../model/damage.js";
import type { Delivery } from "./delivery.js";
import type { FidLocks } from "./fid-locks.js";
import type { Ordering } from "./ordering.js";
import { FINISH, type Outcome } from "./outcome.js";
import type { DistributionContext } from "./components.js";
import type { StoreContext } from "./store-context.js";

export interface StoreJobParts extends Pick<DistributionContext, "catalog"> {
  readonly storeContext: StoreContext;
  /** Over a catalog that is fenced by the FID's lock. */
  readonly ordering: (catalog: Catalog) => Ordering;
  readonly delivery: Delivery;
  readonly locks: FidLocks;
}

/** A file's way into the network, one transition a step: encoded → declared → placed → stored. */
export class StoreJob {
  private readonly context: StoreJobParts;

  constructor(context: StoreJobParts) {
    this.context = context;
  }

  async run(job: Job, signal: AbortSignal): Promise<Outcome> {
    const row = await this.context.catalog.files.get(job.subject);
    if (!row) return FINISH;
    try {
      return await this.step(row, signal);
    } catch (error) {
      const damage = damageOf(error);
      if (!damage) throw error;
      return this.context.storeContext.giveUpDamaged(row.id, damage);
    }
  }

  private async step(row: FileRow, signal: AbortSignal): Promise<Outcome> {
    const { catalog, storeContext, ordering, delivery, locks } = this.context;
    switch (row.state) {
      case "encoded":
        return (
          (await locks.tryRun(row.fid, catalog, signal, (fenced, running) => ordering(fenced).run(row.id, running))) ??
          storeContext.waitBlock()
        );
      case "declared":
      case "placed":
        return delivery.run(row, signal);
      case "deleting":
        // The delete job is running; it makes the row `encoded` when something needs the file again.
        return storeContext.waitBlock();
      case "stored":
      case "failed":
        return FINISH;
    }
  }
}

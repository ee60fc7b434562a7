import type { Job } from "../catalog/catalog.js";
import type { Delivery } from "./delivery.js";
import type { FidLocks } from "./fid-locks.js";
import type { Ordering } from "./ordering.js";
import { FINISH, type Outcome } from "./outcome.js";
import type { Shared } from "./components.js";
import type { StoreDesk } from "./store-desk.js";

export interface StoreJobParts extends Pick<Shared, "catalog"> {
  readonly desk: StoreDesk;
  readonly ordering: Ordering;
  readonly delivery: Delivery;
  readonly locks: FidLocks;
}

/** A file's way into the network, one transition a step: encoded → declared → placed → stored. */
export class StoreJob {
  readonly #parts: StoreJobParts;

  constructor(parts: StoreJobParts) {
    this.#parts = parts;
  }

  async run(job: Job, signal: AbortSignal): Promise<Outcome> {
    const { catalog, desk, ordering, delivery, locks } = this.#parts;
    const row = await catalog.files.get(job.subject);
    if (!row) return FINISH;
    switch (row.state) {
      case "encoded":
        return (await locks.tryRun(row.fid, () => ordering.run(row.id, signal))) ?? desk.waitBlock();
      case "declared":
      case "placed":
        return delivery.run(row, signal);
      case "deleting":
        // The delete job is at work; it makes the row `encoded` when something needs the file again.
        return desk.waitBlock();
      case "stored":
      case "failed":
        return FINISH;
    }
  }
}

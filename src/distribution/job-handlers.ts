import type { Catalog, JobKind } from "../catalog/catalog.js";
import type { DistributionContext } from "./components.js";
import { DeleteJob, Deletion, MissingFiles } from "./delete-job.js";
import { DeliveryMemory } from "./delivery-memory.js";
import { Delivery } from "./delivery.js";
import { EncodeJob } from "./encode-job.js";
import { FidLocks } from "./fid-locks.js";
import type { StepHandler } from "./job-worker.js";
import { Ordering } from "./ordering.js";
import type { DistributionSettings } from "./settings.js";
import { StoreContext } from "./store-context.js";
import { StoreJob } from "./store-job.js";
import { TransferTurns } from "./transfer-turns.js";
import { Transfer } from "./transfer.js";

/**
 * What does the steps of each kind of jobs. It is made anew for each step, over the catalog that the step's lease fences;
 * what steps share lives here.
 */
export function jobHandlers(
  context: DistributionContext,
  settings: DistributionSettings,
): Readonly<Record<JobKind, StepHandler>> {
  const locks = new FidLocks(context, settings);
  const turns = new TransferTurns(settings);
  const memory = new DeliveryMemory();
  const missing = new MissingFiles();
  const over = (catalog: Catalog) => {
    const own = { ...context, catalog };
    return { ...own, storeContext: new StoreContext(own, settings) };
  };
  const ordering = (catalog: Catalog) => new Ordering(over(catalog));
  const deletion = (catalog: Catalog) => new Deletion({ ...over(catalog), missing }, settings);
  return {
    encode: (catalog) => new EncodeJob({ ...context, catalog }),
    store: (catalog) => {
      const own = over(catalog);
      const transfer = new Transfer({ ...own, turns }, settings);
      const delivery = new Delivery({ ...own, transfer, memory }, settings);
      return new StoreJob({ ...own, ordering, delivery, locks });
    },
    delete: (catalog) => new DeleteJob({ ...over(catalog), locks, deletion }),
  };
}

import { SharedLimits, SHARED_LIMITS } from "../../async/shared-limits.js";
import type { Worker } from "../../background/worker.js";
import type { GatewayFacts } from "../../catalog/catalog.js";
import type { Clock } from "../../model/clock.js";
import type { KeyValueStore } from "../../model/key-value-store.js";

/** The limits that this process keeps together with all others which have this store. */
export function processLimits(
  store: KeyValueStore,
  { id, incarnation }: Pick<GatewayFacts, "id" | "incarnation">,
  clock: Clock,
): SharedLimits {
  return new SharedLimits({ store, clock }, `${id}:${incarnation.slice(0, 8)}:${process.pid}`);
}

/** Exchanges what was used. While the store is away each process keeps its own limits; the store's check says so. */
export function limitsWorker(limits: Pick<SharedLimits, "exchange">, clock: Pick<Clock, "now">): Worker {
  return {
    name: "limits",
    step: async () => {
      const begun = clock.now();
      await limits.exchange().catch(() => undefined);
      return { kind: "idle", until: begun + SHARED_LIMITS.intervalMs };
    },
  };
}

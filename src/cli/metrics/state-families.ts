import type { Registry } from "prom-client";
import type { RedisState } from "../state/redis-state.js";
import { gauge, labelledCounter } from "./families.js";

/** The state that gateways share. */
export function stateFamilies(registry: Registry, state: Pick<RedisState, "connected" | "counts">): void {
  gauge(registry, "cess_s3_state_connected", "1 while the shared state answers", () => (state.connected ? 1 : 0));
  labelledCounter(
    registry,
    "cess_s3_state_calls_total",
    "Reads and writes of the shared state: done, failed, late or oversized",
    () => ({ ...state.counts }),
    "result",
  );
}

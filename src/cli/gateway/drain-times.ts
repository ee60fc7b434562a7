import type { Config } from "../../config/config.js";

/** How long running job steps may take to finish after the requests, and to react when they are told to end, ms. */
export const DRAIN_MS = { steps: 1_500, abort: 1_000 };
/** How long all may take that follows the last request, ms: job steps, and closing what there is. */
const BACKGROUND_MS = 4_500;

/** How long a gateway takes to close at most, ms. */
export function closeMs({ shutdown: { delaySeconds, drainSeconds } }: Pick<Config, "shutdown">): number {
  return (delaySeconds + drainSeconds) * 1000 + BACKGROUND_MS;
}

import type { Clock } from "../model/clock.js";

export interface UpkeepSettings {
  readonly clock: Clock;
  /** Between two rounds, ms; 0: none. */
  readonly upkeepMs: number;
  /** Told of a round that failed; the next one tries again. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Does a round of upkeep now and then, until the signal aborts. */
export async function keepUp(
  round: () => Promise<void>,
  { clock, upkeepMs, onFault }: UpkeepSettings,
  ended: AbortSignal,
): Promise<void> {
  while (upkeepMs > 0) {
    await clock.sleep(upkeepMs, ended).catch(() => undefined);
    if (ended.aborted) return;
    await round().catch((error: unknown) => onFault?.(error));
  }
}

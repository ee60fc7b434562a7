export interface BackoffSettings {
  /** After the first failure, ms … */
  readonly minMs: number;
  /** … doubled by each further one, up to this. */
  readonly maxMs: number;
}

/** 2 to a higher power than this is above any `maxMs` there is. */
const MAX_DOUBLINGS = 40;

/**
 * How long to wait after so many failures in a row (1, 2, …), ms. With `random` (0 ≤ r < 1) half of the delay is
 * random, for where many clients wait for the same server: they must not come back together.
 */
export function backoffMs({ minMs, maxMs }: BackoffSettings, failures: number, random?: () => number): number {
  const delay = Math.min(maxMs, minMs * 2 ** Math.min(Math.max(0, failures - 1), MAX_DOUBLINGS));
  return random ? delay / 2 + random() * (delay / 2) : delay;
}

import { backoffMs } from "../../async/backoff.js";
import type { Clock } from "../../model/clock.js";

export const RESTARTS_DEFAULTS = {
  /** Wait after the first death, ms; it doubles with each further one … */
  minMs: 100,
  /** … up to this. */
  maxMs: 10_000,
  /** A process that ran for so long has started well: the next death counts as the first, ms. */
  wellMs: 60_000,
  /** So many deaths … */
  deaths: 10,
  /** … within this time end the program, ms. */
  withinMs: 600_000,
};

export type Verdict = { readonly kind: "again"; readonly afterMs: number } | { readonly kind: "give up" };

/** Decides when a process that died is started again, and when no more. */
export class Restarts {
  private readonly settings: typeof RESTARTS_DEFAULTS;
  /** When it died lately, ms since 1970. */
  private times: number[] = [];
  /** Deaths in a row, none after a good start. */
  private row = 0;
  private count = 0;

  constructor(
    private readonly clock: Pick<Clock, "now">,
    settings: Partial<typeof RESTARTS_DEFAULTS> = {},
  ) {
    this.settings = { ...RESTARTS_DEFAULTS, ...settings };
  }

  /** Deaths so far. */
  get deaths(): number {
    return this.count;
  }

  /** To be called when the process has died, with how long it had run, ms. */
  died(ranMs: number): Verdict {
    const { wellMs, deaths, withinMs } = this.settings;
    const now = this.clock.now();
    this.count++;
    this.times = [...this.times.filter((time) => now - time < withinMs), now];
    if (this.times.length >= deaths) return { kind: "give up" };
    this.row = ranMs >= wellMs ? 1 : this.row + 1;
    return { kind: "again", afterMs: backoffMs(this.settings, this.row) };
  }
}

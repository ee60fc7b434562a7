import type { Clock } from "../model/clock.js";
import type { ShareableLimit } from "./shared-limits.js";

const DAY_MS = 86_400_000;
/** What was not used is kept for so long. */
const KEPT_MS = 3_600_000;

/** Bytes that may be used in a day, spread evenly over it. */
export class DailyBudget implements ShareableLimit {
  private onUsed: ((key: string, bytes: number) => void) | undefined;
  private left: number;
  private at: number;

  constructor(
    private readonly clock: Pick<Clock, "now">,
    private readonly bytesPerDay: number,
  ) {
    this.at = clock.now();
    this.left = this.most;
  }

  /** Takes the bytes if anything is left. One that takes more than that makes the next ones wait for longer. */
  take(bytes: number): boolean {
    if (this.waitMs() > 0) return false;
    this.use(bytes);
    return true;
  }

  share(onUsed: (key: string, bytes: number) => void): void {
    this.onUsed = onUsed;
  }

  usedElsewhere(_: string, bytes: number): void {
    this.waitMs();
    this.left -= bytes;
  }

  /** How long until something is left again, ms; 0: something is. */
  waitMs(): number {
    const now = this.clock.now();
    // A clock that was set back takes nothing away.
    const passed = Math.max(0, now - this.at);
    this.left = Math.min(this.most, this.left + (passed * this.bytesPerDay) / DAY_MS);
    this.at = now;
    if (this.left > 0) return 0;
    return this.bytesPerDay > 0 ? Math.max(1, Math.ceil((-this.left * DAY_MS) / this.bytesPerDay)) : Infinity;
  }

  /**
   * Uses the bytes, whatever is left: for what was begun while something was. False when that is as much too much as may
   * be saved up: it is time to end it.
   */
  spend(bytes: number): boolean {
    this.waitMs();
    this.use(bytes);
    return this.left > -this.most;
  }

  private use(bytes: number): void {
    this.left -= bytes;
    this.onUsed?.("", bytes);
  }

  private get most(): number {
    return (this.bytesPerDay * KEPT_MS) / DAY_MS;
  }
}

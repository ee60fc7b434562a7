import type { Clock } from "../model/clock.js";

const DAY_MS = 86_400_000;
/** What was not used is kept for so long. */
const KEPT_MS = 3_600_000;

/** Bytes that may be used in a day, spread evenly over it. */
export class DailyBudget {
  private left: number;
  private at: number;

  constructor(
    private readonly clock: Clock,
    private readonly bytesPerDay: number,
  ) {
    this.at = clock.now();
    this.left = this.most;
  }

  /** Takes the bytes if anything is left. One that takes more than that makes the next ones wait for longer. */
  take(bytes: number): boolean {
    const now = this.clock.now();
    this.left = Math.min(this.most, this.left + ((now - this.at) * this.bytesPerDay) / DAY_MS);
    this.at = now;
    if (this.left <= 0) return false;
    this.left -= bytes;
    return true;
  }

  private get most(): number {
    return (this.bytesPerDay * KEPT_MS) / DAY_MS;
  }
}

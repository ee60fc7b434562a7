import { systemClock } from "../../async/system-clock.js";
import type { Clock } from "../../model/clock.js";

/** Spreads bytes over time: each sender waits until the bytes before it have had their time. */
export class RateLimiter {
  private freeAt = 0;

  /** @param bytesPerSecond all senders together */
  constructor(
    private readonly bytesPerSecond: number,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Resolves when `bytes` more may be sent; first come, first served. Rejects with the signal's reason. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = this.clock.now();
    const start = Math.max(now, this.freeAt);
    this.freeAt = start + (bytes * 1000) / this.bytesPerSecond;
    if (start > now) await this.clock.sleep(start - now, signal);
  }
}

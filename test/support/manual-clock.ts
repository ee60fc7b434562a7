import type { Clock } from "../../src/model/clock.js";

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  private time = 1_000_000;
  private readonly sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.time;
  }

  get sleeping(): number {
    return this.sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const abandon = () => {
        this.sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper = {
        at: this.time + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener("abort", abandon);
          resolve();
        },
      };
      this.sleepers.add(sleeper);
      signal?.addEventListener("abort", abandon, { once: true });
    });
  }

  /** Lets `ms` pass, and what waits for it run. */
  async advance(ms: number): Promise<void> {
    this.time += ms;
    for (const sleeper of this.sleepers) {
      if (sleeper.at > this.time) continue;
      this.sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settle();
  }
}

/** Everything that can run without time passing has run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

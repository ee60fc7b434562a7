import type { Clock } from "../model/clock.js";
import { asError } from "../model/errors.js";
import { onAbort } from "./abort.js";

/** setTimeout takes at most this many milliseconds (2^31 - 1) and fires at once when given more. */
const LONGEST_TIMER_MS = 2_147_483_647;

export interface SystemClockSettings {
  /**
   * Whether a sleep keeps the process alive. A daemon's should not: when only sleeps are left, the process is meant to
   * end. A command that waits for something itself needs `true`.
   */
  readonly holdsProcess: boolean;
}

/** The system's clock. */
export class SystemClock implements Clock {
  private readonly settings: SystemClockSettings;

  constructor(settings: SystemClockSettings = { holdsProcess: true }) {
    this.settings = settings;
  }

  now(): number {
    return Date.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    let rest = Math.max(0, ms);
    do {
      const slice = Math.min(rest, LONGEST_TIMER_MS);
      await this.timer(slice, signal);
      rest -= slice;
    } while (rest > 0);
  }

  private timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(asError(signal.reason));
        return;
      }
      const timer = setTimeout(() => {
        stopListening();
        resolve();
      }, ms);
      if (!this.settings.holdsProcess) timer.unref();
      const stopListening = onAbort(signal, (reason) => {
        clearTimeout(timer);
        reject(reason);
      });
    });
  }
}

export const systemClock: Clock = new SystemClock();

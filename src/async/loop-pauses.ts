import type { Clock } from "../model/clock.js";
import { after } from "./timer.js";

export const LOOP_PAUSES_DEFAULTS = {
  /** Between two looks, ms. */
  everyMs: 250,
  /** A timer that is late by so much, ms, means that the event loop stood still, or that the process got no processor. */
  pauseMs: 500,
};

/**
 * Notices when this process's event loop stands still. What ran into a time limit meanwhile says nothing of whoever was
 * asked: the answer may have lain here unread.
 */
export class LoopPauses {
  private readonly settings: typeof LOOP_PAUSES_DEFAULTS;
  private dueAt = Infinity;
  private lastAt = -Infinity;
  private cancel: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    settings: Partial<typeof LOOP_PAUSES_DEFAULTS> = {},
  ) {
    this.settings = { ...LOOP_PAUSES_DEFAULTS, ...settings };
  }

  /** Begins to look, until `close`. */
  start(): this {
    const { everyMs } = this.settings;
    this.dueAt = this.clock.now() + everyMs;
    this.cancel = after(this.clock, everyMs, () => {
      this.look();
      this.start();
    });
    return this;
  }

  close(): void {
    this.cancel();
    this.dueAt = Infinity;
  }

  /** Whether the loop stood still at any time since `time` (milliseconds since 1970), or has just done so. */
  since(time: number): boolean {
    this.look();
    return this.lastAt >= time;
  }

  private look(): void {
    const now = this.clock.now();
    if (now - this.dueAt >= this.settings.pauseMs) this.lastAt = now;
  }
}

import type { Clock } from "../model/clock.js";
import { abortable } from "./abort.js";

/** One for all: an error of its own, with its stack, would cost more than the timer. */
const CANCELLED = new DOMException("the timer was cancelled", "AbortError");

/** Calls `callback` after `ms`. Returns how to cancel that; cancelling late or twice does nothing. */
export function after(clock: Clock, ms: number, callback: () => void): () => void {
  const timer = new AbortController();
  clock.sleep(ms, timer.signal).then(callback, () => undefined);
  return () => timer.abort(CANCELLED);
}

/** Resolves after `ms`, or rejects with the reason of the first signal that aborts; leaves no timer behind. */
export async function pause(clock: Clock, ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const timer = new AbortController();
  try {
    await abortable(clock.sleep(ms, timer.signal), signals);
  } finally {
    timer.abort(CANCELLED);
  }
}

/**
 * Calls `callback` at the first request, and for all further ones within `ms` once more at their end: many requests cost
 * as much as one each `ms`.
 */
export function coalesced(clock: Clock, ms: number, callback: () => void): () => void {
  let waiting = false;
  let asked = false;
  const rest = () => {
    waiting = true;
    after(clock, ms, () => {
      waiting = false;
      if (!asked) return;
      asked = false;
      callback();
      rest();
    });
  };
  return () => {
    if (waiting) {
      asked = true;
      return;
    }
    callback();
    rest();
  };
}

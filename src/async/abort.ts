import { setMaxListeners } from "node:events";
import { asError } from "../model/errors.js";

/**
 * Calls `listener` once with the signal's reason when it aborts; at once when it has aborted already. Returns how to
 * stop listening, which every caller does: many signals live as long as the process and would keep each listener.
 */
export function onAbort(signal: AbortSignal | undefined, listener: (reason: Error) => void): () => void {
  if (!signal) return () => undefined;
  if (signal.aborted) {
    listener(asError(signal.reason));
    return () => undefined;
  }
  const heard = () => listener(asError(signal.reason));
  // As many may wait on one signal as there are calls; Node would suspect a leak from the eleventh on.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", heard, { once: true });
  return () => signal.removeEventListener("abort", heard);
}

/**
 * Settles as `work` does, or rejects with a signal's reason as soon as one aborts. `work` itself goes on then, and how
 * it ends is ignored.
 */
export function abortable<T>(work: Promise<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stops: (() => void)[] = [];
    const finish = (settle: () => void) => {
      for (const stop of stops) stop();
      settle();
    };
    work.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(asError(error))),
    );
    for (const signal of signals) {
      stops.push(onAbort(signal, (reason) => finish(() => reject(reason))));
      if (signal?.aborted === true) return;
    }
  });
}

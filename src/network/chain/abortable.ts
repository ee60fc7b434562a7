import { setMaxListeners } from "node:events";
import { asError } from "../../model/errors.js";

/**
 * Settles as `work` does, or rejects with a signal's reason as soon as one aborts; `work` itself goes on unheard.
 * Listeners are taken off again: AbortSignal.any() would keep one per call on signals that live as long as the process.
 */
export function abortable<T>(work: Promise<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  const present = signals.filter((signal) => signal !== undefined);
  return new Promise<T>((resolve, reject) => {
    const abort = (event: Event) => finish(() => reject(reasonOf(event.target as AbortSignal)));
    const finish = (settle: () => void) => {
      for (const signal of present) signal.removeEventListener("abort", abort);
      settle();
    };
    work.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(asError(error))),
    );
    for (const signal of present) {
      if (signal.aborted) {
        finish(() => reject(reasonOf(signal)));
        return;
      }
      // As many may wait on one signal as there are calls; Node would suspect a leak from the eleventh on.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", abort, { once: true });
    }
  });
}

/** Resolves after `ms`, or rejects with a signal's reason; leaves no timer behind. */
export async function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await abortable(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signals);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(signal: AbortSignal): Error {
  return asError(signal.reason);
}

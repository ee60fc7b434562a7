import type { Progress, Worker } from "./worker.js";

/** A worker that does nothing while `held()`: to be woken when that ends. */
export function heldWhile(held: () => boolean, worker: Worker): Worker {
  return {
    name: worker.name,
    step: (signal): Promise<Progress> => (held() ? Promise.resolve({ kind: "idle" }) : worker.step(signal)),
  };
}

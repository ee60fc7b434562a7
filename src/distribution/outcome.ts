/**
 * What one step of a job leads to.
 * `done`: the catalog has removed the job in the same transaction as the change it was for. `finish`: there is nothing
 * to do for it any more. `again`: the next step is due now. `wait`: nothing to do before `ms` have passed or an event
 * on chain wakes the job.
 */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "finish" }
  | { readonly kind: "again" }
  | { readonly kind: "wait"; readonly ms: number };

export const DONE: Outcome = { kind: "done" };
export const FINISH: Outcome = { kind: "finish" };
export const AGAIN: Outcome = { kind: "again" };

export function wait(ms: number): Outcome {
  return { kind: "wait", ms };
}

/** The job cannot go on now but may later. The message is kept with the job and shown to users. */
export class TemporaryFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TemporaryFailure";
  }
}

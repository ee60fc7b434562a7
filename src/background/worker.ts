/** Background work that the supervisor does in small steps. */
export interface Worker {
  readonly name: string;
  /**
   * One step. `busy`: call again at once. `idle`: wait for `wake` or until `until` (milliseconds since 1970), whichever
   * comes first. A rejection is logged and retried after a growing delay (1 s doubling to 60 s).
   */
  step(signal: AbortSignal): Promise<Progress>;
}

export type Progress = { readonly kind: "busy" } | { readonly kind: "idle"; readonly until?: number };

/** The chain's key-value state: keys are lower-case hex, values SCALE bytes. */
export interface State {
  get(key: string): Uint8Array | undefined;
  /** Keys that begin with `prefix` and come after `after`, in order, at most `limit`. */
  keys(prefix: string, limit: number, after?: string): string[];
}

export interface WritableState extends State {
  set(key: string, value: Uint8Array): void;
  delete(key: string): void;
}

/** `undefined`: deleted. */
export type Changes = Map<string, Uint8Array | undefined>;

/**
 * Writes kept apart from the state below until they are known to be good. A block is one overlay, each call another on
 * top: a refused call's overlay is dropped, so nothing of it stays.
 */
export class Overlay implements WritableState {
  readonly changes: Changes = new Map();

  constructor(readonly below: State) {}

  get(key: string): Uint8Array | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.below.get(key);
  }

  set(key: string, value: Uint8Array): void {
    this.changes.set(key, value);
  }

  delete(key: string): void {
    this.changes.set(key, undefined);
  }

  keys(prefix: string, limit: number, after = ""): string[] {
    const own = [...this.changes.keys()].filter((key) => key.startsWith(prefix) && key > after);
    const deleted = own.filter((key) => this.changes.get(key) === undefined).length;
    const keys = new Set([...this.below.keys(prefix, limit + deleted, after), ...own]);
    return [...keys]
      .filter((key) => !this.changes.has(key) || this.changes.get(key) !== undefined)
      .sort()
      .slice(0, limit);
  }

  /** Moves every change into the overlay below. */
  apply(target: WritableState): void {
    for (const [key, value] of this.changes) {
      if (value === undefined) target.delete(key);
      else target.set(key, value);
    }
  }
}

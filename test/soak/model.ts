/** What an object may be: its content's seed and size. Null: there is none. */
export interface Content {
  readonly seed: number;
  readonly size: number;
}
export type Possible = Content | null;

/** One key as its client knows it. A change without an answer leaves several possible states, until a read tells which. */
export class KeyState {
  possible: readonly Possible[] = [null];
  /** A change or check of this key is under way; others take another key. */
  busy = false;

  /** A change was sent: from now on what it makes is possible, too. */
  sent(content: Possible): void {
    this.possible = [...this.possible, content];
  }

  /** A change was acknowledged, or a read has shown this. */
  known(content: Possible): void {
    this.possible = [content];
  }

  has(seed: number | null): Possible | undefined {
    return this.possible.find((content) => (content?.seed ?? null) === seed);
  }
}

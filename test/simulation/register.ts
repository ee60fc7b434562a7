/** A value of a key: the id of its content, or nothing. */
export type Value = string | undefined;

interface Write {
  readonly value: Value;
  readonly began: number;
  ended: number;
  certain: boolean;
}

/**
 * One key as its clients may see it. A read may give what a write wrote that began before the read ended, unless a
 * write that certainly happened lies wholly between the two.
 */
export class Register {
  private writes: Write[] = [{ value: undefined, began: -1, ended: -1, certain: true }];

  begin(value: Value, now: number): Write {
    const write = { value, began: now, ended: Infinity, certain: false };
    this.writes.push(write);
    return write;
  }

  /** It was acknowledged. */
  done(write: Write, now: number): void {
    write.ended = now;
    write.certain = true;
  }

  /** It may have happened, but will not any more. */
  doubtful(write: Write, now: number): void {
    write.ended = now;
  }

  /** It was refused: it has not happened. */
  undone(write: Write): void {
    this.writes = this.writes.filter((other) => other !== write);
  }

  admissible(began: number, ended: number): Set<Value> {
    const overwritten = (write: Write) =>
      this.writes.some((other) => other.certain && other.began > write.ended && other.ended < began);
    return new Set(
      this.writes.filter((write) => write.began <= ended && !overwritten(write)).map(({ value }) => value),
    );
  }
}

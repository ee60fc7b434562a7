/** Statements that get a name, at most: each connection keeps those that it has prepared. */
const MAX_NAMED = 500;
/** A text gets a name when it is seen the third time: texts with lists vary in length, and most are never seen again. */
const SIGHTINGS = 3;
/** Texts that are remembered before they have a name. */
const MAX_SEEN = 2000;

/** Names for the statements that are run often: the server parses and plans these once in each connection. */
export class StatementNames {
  private readonly names = new Map<string, string>();
  private readonly seen = new Map<string, number>();

  /** Undefined: to be run without preparation. */
  of(text: string): string | undefined {
    const known = this.names.get(text);
    if (known !== undefined || this.names.size >= MAX_NAMED) return known;
    const sightings = (this.seen.get(text) ?? 0) + 1;
    if (sightings < SIGHTINGS) {
      if (this.seen.size >= MAX_SEEN) this.seen.clear();
      this.seen.set(text, sightings);
      return undefined;
    }
    this.seen.delete(text);
    const name = `cess_${this.names.size}`;
    this.names.set(text, name);
    return name;
  }
}

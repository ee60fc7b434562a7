import { decodePercent } from "./percent.js";

/** A query string, decoded once. A parameter without `=` has the empty value. */
export class Query {
  private readonly values = new Map<string, string[]>();
  private repeatedNames: readonly string[] | undefined;

  /** `raw` is the text after `?`. InvalidURI, as `decodePercent`. */
  constructor(raw: string) {
    for (const pair of raw.split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = decode(equals < 0 ? pair : pair.slice(0, equals));
      const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
      const values = this.values.get(name);
      if (values) values.push(value);
      else this.values.set(name, [value]);
    }
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** The value of the first parameter of that name. */
  get(name: string): string | undefined {
    return this.values.get(name)?.[0];
  }

  /** The first parameter given more than once, in any case, of those that `concerns` selects, also in any case. */
  repeated(concerns: (name: string) => boolean): string | undefined {
    this.repeatedNames ??= this.findRepeated();
    return this.repeatedNames.find(concerns);
  }

  private findRepeated(): readonly string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    for (const [name, values] of this.values) {
      const lower = name.toLowerCase();
      if (values.length > 1 || seen.has(lower)) found.push(name);
      seen.add(lower);
    }
    return found;
  }

  names(): string[] {
    return [...this.values.keys()];
  }

  entries(): IterableIterator<[string, readonly string[]]> {
    return this.values.entries();
  }
}

/** In a query, unlike in a path, `+` is a space (HTML forms). */
function decode(raw: string): string {
  return decodePercent(raw.includes("+") ? raw.replaceAll("+", " ") : raw);
}

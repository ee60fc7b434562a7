/**
 * A request's headers: names in lower case, values as UTF-8; the values of a repeated header are joined with a comma.
 */
export class Headers {
  private readonly values = new Map<string, string>();

  /** `raw` as in IncomingMessage.rawHeaders: name, value, name, value … with the bytes as Latin-1. */
  constructor(raw: readonly string[]) {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = (raw[i] ?? "").toLowerCase();
      const value = fromLatin1(raw[i + 1] ?? "").trim();
      const before = this.values.get(name);
      this.values.set(name, before === undefined ? value : `${before},${value}`);
    }
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  names(): IterableIterator<string> {
    return this.values.keys();
  }

  /** The headers whose names begin with `prefix`; the names come without it. */
  withPrefix(prefix: string): [string, string][] {
    return [...this.values]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Clients send and sign names and metadata as UTF-8. Bytes that are not valid UTF-8 stay Latin-1. */
function fromLatin1(text: string): string {
  if (!/[\u0080-\u00ff]/.test(text)) return text;
  try {
    return utf8.decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}

/** For answers: Node writes headers as Latin-1, so each byte of the UTF-8 form becomes a Latin-1 character. */
export function toLatin1(text: string): string {
  return /[^\u0000-\u007f]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

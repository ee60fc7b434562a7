import { S3Error } from "../../gateway/s3-error.js";

/**
 * A request's headers: names in lower case, values as UTF-8; the values of a repeated header are joined with a comma.
 */
export class Headers {
  private readonly values = new Map<string, string>();
  private readonly repeated = new Set<string>();

  /** `raw` as in IncomingMessage.rawHeaders: name, value, name, value … with the bytes as Latin-1. */
  constructor(raw: readonly string[]) {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      this.add((raw[i] ?? "").toLowerCase(), fromLatin1(raw[i + 1] ?? ""));
    }
  }

  private add(name: string, text: string): void {
    const value = text.trim();
    const before = this.values.get(name);
    this.values.set(name, before === undefined ? value : `${before},${value}`);
    if (before !== undefined) this.repeated.add(name);
  }

  /**
   * A copy with `more` headers, as name and value, that came as query parameters or form fields. No HTTP parser has
   * checked those, so they are checked here. InvalidArgument for what cannot be a header.
   */
  with(more: Iterable<readonly [string, string]>): Headers {
    const all = new Headers([]);
    for (const [name, value] of this.values) all.values.set(name, value);
    for (const name of this.repeated) all.repeated.add(name);
    for (const [name, value] of more) {
      requireHeader(name, value);
      all.add(name.toLowerCase(), value);
    }
    return all;
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  /** Whether the request has more than one header of that name. */
  isRepeated(name: string): boolean {
    return this.repeated.has(name);
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

/** RFC 9110, 5.1: a name is a token. */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** RFC 9110, 5.5: a value has no control character but the tab. */
export function isHeaderValue(value: string): boolean {
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}

/** A line break in a name or value would write headers of its own into the answers that repeat it. */
function requireHeader(name: string, value: string): void {
  const invalid = (message: string) =>
    new S3Error("InvalidArgument", { message, fields: { ArgumentName: name.slice(0, 100) } });
  if (!isHeaderName(name))
    throw invalid("The name is not valid for a header: only letters, digits and !#$%&'*+-.^_`|~ are allowed.");
  if (!isHeaderValue(value))
    throw invalid("The value is not valid for a header: line breaks and other control characters are not allowed.");
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

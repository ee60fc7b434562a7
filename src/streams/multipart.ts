import { ByteReader } from "./byte-reader.js";

/** Longest text before the first boundary, and longest headers of a part, in bytes. */
export const MAX_PREAMBLE_BYTES = 4 * 1024;
export const MAX_PART_HEAD_BYTES = 4 * 1024;

const HEAD_END = Buffer.from("\r\n\r\n");

/** How a form is refused. */
export interface FormRefusals {
  /** It ends before it should. */
  readonly incomplete: () => Error;
  /** It is no multipart form: no boundary, or a part that is no field. */
  readonly malformed: () => Error;
  /** The headers of a part are too long. */
  readonly headTooLong: () => Error;
}

/** What a part's headers say of it. */
export interface PartHead {
  readonly name: string;
  readonly fileName: string | undefined;
}

/** The boundary that a Content-Type of multipart/form-data names; undefined for other types, and without one. */
export function formBoundary(contentType: string | undefined): string | undefined {
  const match = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(
    contentType ?? "",
  );
  return match?.[1] ?? match?.[2];
}

/**
 * Reads a multipart/form-data body (RFC 7578), part after part, holding no more than what the source last gave: `another`,
 * `head`, then `content` or `text` to its end, and again. Rejects with the refusals.
 */
export class MultipartReader {
  private readonly reader: ByteReader;
  private readonly delimiter: Buffer;
  private begun = false;

  constructor(
    boundary: string,
    source: AsyncIterable<Uint8Array>,
    private readonly refusals: FormRefusals,
  ) {
    const { incomplete, malformed } = refusals;
    this.delimiter = Buffer.from(`\r\n--${boundary}`);
    // The first boundary has no line break before it: adding one makes all alike.
    this.reader = new ByteReader(prefixed(source), { incomplete, tooLong: malformed });
  }

  /** Whether another part follows; false at the form's end. */
  async another(): Promise<boolean> {
    const { malformed } = this.refusals;
    if (!this.begun) await this.text(MAX_PREAMBLE_BYTES, malformed);
    this.begun = true;
    const mark = (await this.reader.exactly(2)).toString("latin1");
    if (mark === "\r\n" || mark === "--") return mark !== "--";
    throw malformed();
  }

  async head(): Promise<PartHead> {
    const { malformed, headTooLong } = this.refusals;
    const head = partHead(await this.textBefore(HEAD_END, MAX_PART_HEAD_BYTES, headTooLong));
    if (!head) throw malformed();
    return head;
  }

  /** The part's bytes as they come: views of the source's chunks. */
  content(): AsyncGenerator<Buffer> {
    return this.reader.before(this.delimiter);
  }

  /** The part as UTF-8 text; `refuse` above `limit` bytes. */
  text(limit: number, refuse: () => Error): Promise<string> {
    return this.textBefore(this.delimiter, limit, refuse);
  }

  /** Lets what stands behind the form's end pass; `malformed` above `limit` bytes. */
  skipRest(limit: number): Promise<void> {
    return this.reader.skipRest(limit);
  }

  /** Nothing more will be read. */
  close(): Promise<void> {
    return this.reader.close();
  }

  private async textBefore(delimiter: Buffer, limit: number, refuse: () => Error): Promise<string> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const bytes of this.reader.before(delimiter)) {
      size += bytes.length;
      if (size > limit) throw refuse();
      // A view of the source's own memory, which it may use again.
      pieces.push(Buffer.from(bytes));
    }
    return Buffer.concat(pieces).toString("utf8");
  }
}

async function* prefixed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from("\r\n");
  yield* source;
}

/** Undefined for what is no form field. Browsers write `"` and line breaks in names as escapes. */
function partHead(text: string): PartHead | undefined {
  const disposition = /(?:^|\r\n)content-disposition:[ \t]*form-data[ \t]*;([^\r\n]*)/i.exec(text)?.[1];
  if (disposition === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, key = "", quoted, plain] of disposition.matchAll(
    /([\w*-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g,
  )) {
    const value = quoted?.replace(/\\(["\\])/g, "$1") ?? plain ?? "";
    parameters.set(key.toLowerCase(), value.replace(/%22/g, '"'));
  }
  const name = parameters.get("name");
  return name === undefined || name === "" ? undefined : { name, fileName: parameters.get("filename") };
}

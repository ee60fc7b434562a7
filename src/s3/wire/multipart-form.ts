import { S3Error } from "../../gateway/s3-error.js";
import { ByteReader } from "./byte-reader.js";

/**
 * AWS's limit for the fields before the file, in bytes of names and values; our limits for fields, and for the headers
 * of one.
 */
const MAX_FIELDS_BYTES = 20 * 1024;
const MAX_FIELDS = 200;
const MAX_HEADER_BYTES = 4 * 1024;
/** Most bytes before the first boundary, and after the file. */
const MAX_PREAMBLE_BYTES = 4 * 1024;
const MAX_EPILOGUE_BYTES = 64 * 1024;

/** Most bytes of a form beside its file. */
export const MAX_FORM_OVERHEAD_BYTES =
  MAX_PREAMBLE_BYTES + 2 * MAX_FIELDS_BYTES + MAX_FIELDS * MAX_HEADER_BYTES + MAX_EPILOGUE_BYTES;

const FILE = "file";
const HEADERS_END = Buffer.from("\r\n\r\n");

const malformed = (cause?: unknown) => new S3Error("MalformedPOSTRequest", cause === undefined ? {} : { cause });
const tooMuch = () => new S3Error("MaxPostPreDataLengthExceededError");

/** A form, read up to its file. */
export interface Form {
  /** By name in lower case. `${filename}` is not replaced yet. */
  readonly fields: ReadonlyMap<string, string>;
  /** The file's name without folders; undefined where the client sent none. */
  readonly fileName: string | undefined;
  /**
   * The file's bytes as they arrive; can be read once. Ends after the form's end was read; S3Error where that is
   * missing.
   */
  readonly file: AsyncIterable<Uint8Array>;
  /** Ends the reading of the form. */
  close(): Promise<void>;
}

/**
 * The boundary in Content-Type. PreconditionFailed for another type of body, MalformedPOSTRequest without a boundary.
 */
function boundaryOf(contentType: string): string {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new S3Error("PreconditionFailed", {
      fields: { Condition: "Bucket POST must be of the enclosure-type multipart/form-data" },
    });
  }
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed();
  return boundary;
}

/**
 * Reads a form's fields up to the field `file`, which the caller streams. Fields after it are ignored, as on AWS.
 * MalformedPOSTRequest, MaxPostPreDataLengthExceededError, InvalidArgument (a field twice, no file).
 */
export async function readForm(contentType: string, source: AsyncIterable<Uint8Array>): Promise<Form> {
  return new FormReader(boundaryOf(contentType), source).read();
}

interface PartHead {
  readonly name: string;
  readonly fileName: string | undefined;
}

class FormReader {
  private readonly reader: ByteReader;
  private readonly delimiter: Buffer;
  private readonly fields = new Map<string, string>();
  private left = MAX_FIELDS_BYTES;

  constructor(boundary: string, source: AsyncIterable<Uint8Array>) {
    this.delimiter = Buffer.from(`\r\n--${boundary}`);
    // The first boundary has no line break before it. `prefixed` adds one, so that all boundaries look alike.
    this.reader = new ByteReader(prefixed(source), { incomplete: malformed, tooLong: malformed });
  }

  async read(): Promise<Form> {
    try {
      await this.text(this.delimiter, MAX_PREAMBLE_BYTES, malformed);
      while (await this.another()) {
        const { name, fileName } = partHead(await this.text(HEADERS_END, MAX_HEADER_BYTES, tooMuch));
        if (name === FILE)
          return { fields: this.fields, fileName, file: this.file(), close: () => this.reader.close() };
        await this.field(name);
      }
      throw new S3Error("InvalidArgument", {
        message: "POST requires exactly one file upload per request.",
        fields: { ArgumentName: "file", ArgumentValue: "0" },
      });
    } catch (failure) {
      await this.reader.close();
      throw failure;
    }
  }

  private async field(name: string): Promise<void> {
    this.left -= Buffer.byteLength(name);
    const value = await this.text(this.delimiter, Math.max(0, this.left), tooMuch);
    this.left -= Buffer.byteLength(value);
    if (this.left < 0 || this.fields.size >= MAX_FIELDS) throw tooMuch();
    if (this.fields.has(name))
      throw new S3Error("InvalidArgument", {
        message: "A form field appears more than once.",
        fields: { ArgumentName: name.slice(0, 100) },
      });
    this.fields.set(name, value);
  }

  /** After a boundary come a line break and another part (true), or `--` and the form's end (false). */
  private async another(): Promise<boolean> {
    const mark = (await this.reader.exactly(2)).toString("latin1");
    if (mark === "\r\n" || mark === "--") return mark !== "--";
    throw malformed();
  }

  private async text(delimiter: Buffer, limit: number, refuse: () => S3Error): Promise<string> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const bytes of this.reader.before(delimiter)) {
      size += bytes.length;
      if (size > limit) throw refuse();
      // Copied, because the source may reuse this memory.
      pieces.push(Buffer.from(bytes));
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  private async *file(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.reader.before(this.delimiter);
      // Without its end, a form may have been cut off in the middle of the file: it is refused.
      await this.another();
      await this.reader.skipRest(MAX_EPILOGUE_BYTES);
    } finally {
      await this.reader.close();
    }
  }
}

async function* prefixed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from("\r\n");
  yield* source;
}

/** A part's name in lower case, and its file's name. Browsers escape `"` and line breaks in names. */
function partHead(text: string): PartHead {
  const disposition = /(?:^|\r\n)content-disposition:[ \t]*form-data[ \t]*;([^\r\n]*)/i.exec(text)?.[1];
  if (disposition === undefined) throw malformed();
  const parameters = new Map<string, string>();
  for (const [, key = "", quoted, plain] of disposition.matchAll(
    /([\w*-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g,
  )) {
    const value = quoted?.replace(/\\(["\\])/g, "$1") ?? plain ?? "";
    parameters.set(key.toLowerCase(), value.replace(/%22/g, '"'));
  }
  const name = parameters.get("name")?.toLowerCase();
  if (name === undefined || name === "") throw malformed();
  // Some clients send the file's whole path.
  return { name, fileName: parameters.get("filename")?.replace(/^.*[/\\]/s, "") };
}

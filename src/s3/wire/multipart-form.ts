import { S3Error } from "../../gateway/s3-error.js";
import { ByteReader } from "./byte-reader.js";

/** AWS's limit for all that stands before the file, in bytes of names and values; fields, and a part's own headers. */
const MAX_FIELDS_BYTES = 20 * 1024;
const MAX_FIELDS = 200;
const MAX_HEADER_BYTES = 4 * 1024;
/** What stands before the first boundary, and behind the file, in bytes. */
const MAX_PREAMBLE_BYTES = 4 * 1024;
const MAX_EPILOGUE_BYTES = 64 * 1024;

/** What a form may be longer than its file by, in bytes. */
export const MAX_FORM_OVERHEAD_BYTES =
  MAX_PREAMBLE_BYTES + 2 * MAX_FIELDS_BYTES + MAX_FIELDS * MAX_HEADER_BYTES + MAX_EPILOGUE_BYTES;

const FILE = "file";
const HEADERS_END = Buffer.from("\r\n\r\n");

const malformed = (cause?: unknown) => new S3Error("MalformedPOSTRequest", cause === undefined ? {} : { cause });
const tooMuch = () => new S3Error("MaxPostPreDataLengthExceededError");

/** A form up to its file. */
export interface Form {
  /** By name in lower case, each once, `${filename}` not replaced yet. */
  readonly fields: ReadonlyMap<string, string>;
  /** As the client sent it, without its folders; undefined where it sent none. */
  readonly fileName: string | undefined;
  /** The file's bytes as they come, once. It ends when the form's end has been read; S3Errors when it never comes. */
  readonly file: AsyncIterable<Uint8Array>;
  /** Nothing more will be read. */
  close(): Promise<void>;
}

/** The boundary a Content-Type names. PreconditionFailed for what is no form, MalformedPOSTRequest for one without. */
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
 * Reads a form's fields up to the field `file`, which is left to be streamed; fields behind it are passed over, as S3
 * does. MalformedPOSTRequest, MaxPostPreDataLengthExceededError, InvalidArgument (a field twice, no file).
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
    // The first boundary has no line break before it: adding one makes all alike.
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
        message: "A form field stands more than once.",
        fields: { ArgumentName: name.slice(0, 100) },
      });
    this.fields.set(name, value);
  }

  /** Behind a boundary: a line break and another part, or `--` and the form's end. */
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
      // A view of the source's own memory, which it may use again.
      pieces.push(Buffer.from(bytes));
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  private async *file(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.reader.before(this.delimiter);
      // Only a form that came whole counts: what was cut off behind the file might have been a longer file.
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

/** A part's name in lower case and its file's name. Browsers write `"` and line breaks in names as escapes. */
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
  // Some clients send the whole path.
  return { name, fileName: parameters.get("filename")?.replace(/^.*[/\\]/s, "") };
}

import { S3Error } from "../../gateway/s3-error.js";
import {
  formBoundary,
  MAX_PART_HEAD_BYTES,
  MAX_PREAMBLE_BYTES,
  MultipartReader,
  type PartHead,
} from "../../streams/multipart.js";

/** AWS's limit for the fields before the file, in bytes of names and values; our limit for the number of fields. */
const MAX_FIELDS_BYTES = 20 * 1024;
const MAX_FIELDS = 200;
const MAX_EPILOGUE_BYTES = 64 * 1024;

/** Most bytes of a form beside its file. */
export const MAX_FORM_OVERHEAD_BYTES =
  MAX_PREAMBLE_BYTES + 2 * MAX_FIELDS_BYTES + MAX_FIELDS * MAX_PART_HEAD_BYTES + MAX_EPILOGUE_BYTES;

const FILE = "file";

const malformed = () => new S3Error("MalformedPOSTRequest");
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
  const boundary = formBoundary(contentType);
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

class FormReader {
  private readonly parts: MultipartReader;
  private readonly fields = new Map<string, string>();
  private left = MAX_FIELDS_BYTES;

  constructor(boundary: string, source: AsyncIterable<Uint8Array>) {
    this.parts = new MultipartReader(boundary, source, { incomplete: malformed, malformed, headTooLong: tooMuch });
  }

  async read(): Promise<Form> {
    try {
      while (await this.parts.another()) {
        const head = await this.parts.head();
        const name = head.name.toLowerCase();
        if (name === FILE)
          return {
            fields: this.fields,
            fileName: withoutFolders(head),
            file: this.file(),
            close: () => this.parts.close(),
          };
        await this.field(name);
      }
      throw new S3Error("InvalidArgument", {
        message: "POST requires exactly one file upload per request.",
        fields: { ArgumentName: "file", ArgumentValue: "0" },
      });
    } catch (failure) {
      await this.parts.close();
      throw failure;
    }
  }

  private async field(name: string): Promise<void> {
    this.left -= Buffer.byteLength(name);
    const value = await this.parts.text(Math.max(0, this.left), tooMuch);
    this.left -= Buffer.byteLength(value);
    if (this.left < 0 || this.fields.size >= MAX_FIELDS) throw tooMuch();
    if (this.fields.has(name))
      throw new S3Error("InvalidArgument", {
        message: "A form field appears more than once.",
        fields: { ArgumentName: name.slice(0, 100) },
      });
    this.fields.set(name, value);
  }

  private async *file(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.parts.content();
      // Without its end, a form may have been cut off in the middle of the file: it is refused.
      await this.parts.another();
      await this.parts.skipRest(MAX_EPILOGUE_BYTES);
    } finally {
      await this.parts.close();
    }
  }
}

/** Some clients send the whole path. */
function withoutFolders({ fileName }: PartHead): string | undefined {
  return fileName?.replace(/^.*[/\\]/s, "");
}

import type { IncomingMessage } from "node:http";
import { KIB } from "../model/sizes.js";
import { Refusal } from "../peers/refusal.js";
import { readBody } from "../peers/request-body.js";
import { formBoundary, MultipartReader } from "../streams/multipart.js";

/** Fields of a form, in bytes of names and values, and their number. */
const MAX_FIELDS_BYTES = 20 * KIB;
const MAX_FIELDS = 50;
const MAX_REST_BYTES = 64 * KIB;
const FILE = "file";

/** A form, read up to its file. */
export interface UploadForm {
  readonly fields: ReadonlyMap<string, string>;
  /** As it was sent. */
  readonly fileName: string;
  /** The file's bytes as they arrive; can be read once. Ends when the form's end was read, and fails where that is missing. */
  readonly file: AsyncIterable<Uint8Array>;
}

/**
 * What `use` makes of a form with a file, which need not be read to its end. The fields that count stand before the file.
 * Rejects with Refusal 400 for what is no form, or has no file.
 */
export async function withUploadForm<T>(request: IncomingMessage, use: (form: UploadForm) => Promise<T>): Promise<T> {
  const reader = multipart(request);
  try {
    const { values, file } = await readFields(reader);
    if (file === undefined) throw new Refusal(400, "the form has no file");
    return await use({ fields: values, fileName: file.fileName, file: content(reader) });
  } finally {
    // What is left of the body can then be let pass.
    await reader.close();
  }
}

/** The fields of a form without a file, in either encoding. Rejects with Refusal 400 or 413. */
export async function readForm(request: IncomingMessage): Promise<ReadonlyMap<string, string>> {
  if (formBoundary(request.headers["content-type"]) === undefined)
    return new Map(new URLSearchParams((await readBody(request, MAX_FIELDS_BYTES)).toString("utf8")));
  const reader = multipart(request);
  try {
    const { values, file } = await readFields(reader);
    if (file) throw new Refusal(400, "the form has a file, and none is expected");
    return values;
  } finally {
    await reader.close();
  }
}

const malformed = () => new Refusal(400, "the form cannot be read");
const tooLong = () => new Refusal(413, `the fields of the form may have at most ${MAX_FIELDS_BYTES} bytes`);

function multipart(request: IncomingMessage): MultipartReader {
  const boundary = formBoundary(request.headers["content-type"]);
  if (boundary === undefined) throw new Refusal(400, "the body must be a form: multipart/form-data");
  // An iterator would destroy the request, and the answer with it, when it is left early.
  const source = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  return new MultipartReader(boundary, source, { incomplete: malformed, malformed, headTooLong: tooLong });
}

/** Up to the file, which is then to be read, or to the form's end. */
async function readFields(reader: MultipartReader): Promise<{
  readonly values: ReadonlyMap<string, string>;
  readonly file: { readonly fileName: string } | undefined;
}> {
  const values = new Map<string, string>();
  let left = MAX_FIELDS_BYTES;
  while (await reader.another()) {
    const { name, fileName } = await reader.head();
    if (name === FILE) return { values, file: { fileName: fileName ?? "" } };
    const value = await reader.text(Math.max(0, left), tooLong);
    left -= Buffer.byteLength(name) + Buffer.byteLength(value);
    if (left < 0 || values.size >= MAX_FIELDS) throw tooLong();
    values.set(name, value);
  }
  return { values, file: undefined };
}

async function* content(reader: MultipartReader): AsyncGenerator<Uint8Array, void> {
  yield* reader.content();
  if (await reader.another()) throw new Refusal(400, "the file must be the last field of the form");
  await reader.skipRest(MAX_REST_BYTES);
}

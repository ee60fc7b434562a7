/** Longest preamble and part headers, in bytes. */
const HEAD_LIMIT = 16 * 1024;

/** The body is no multipart form with one file in it. */
export class FormError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FormError";
  }
}

/** The boundary a Content-Type names. Throws FormError. */
export function formBoundary(contentType: string | undefined): string {
  const match = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? "",
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw new FormError("not a multipart form");
  return boundary;
}

/**
 * The content of the form's only part, the field `file`, as views of the body's chunks. Throws FormError when the part
 * is another or is not closed; what follows its boundary is left unread.
 */
export async function* formFile(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Buffer> {
  // The body's first delimiter has no line break before it: adding one makes all delimiters alike.
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let rest: Buffer = Buffer.from("\r\n");
  let inContent = false;
  for await (const chunk of body) {
    rest = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk]);
    if (!inContent) {
      const content = contentStart(rest, delimiter);
      if (content === undefined) continue;
      rest = rest.subarray(content);
      inContent = true;
    }
    const end = rest.indexOf(delimiter);
    if (end >= 0) {
      if (end > 0) yield rest.subarray(0, end);
      return;
    }
    // The delimiter may have begun in the last bytes: they wait for the next chunk.
    const safe = Math.max(0, rest.length - delimiter.length + 1);
    if (safe > 0) yield rest.subarray(0, safe);
    rest = rest.subarray(safe);
  }
  throw new FormError("the form ends before its part does");
}

/** Where the first part's content begins; undefined while its headers are not all there. */
function contentStart(head: Buffer, delimiter: Buffer): number | undefined {
  const start = head.indexOf(delimiter);
  const end = start < 0 ? -1 : head.indexOf("\r\n\r\n", start + delimiter.length);
  if (end < 0) {
    if (head.length > HEAD_LIMIT) throw new FormError("the part's headers are too long");
    return undefined;
  }
  const headers = head.toString("latin1", start + delimiter.length, end);
  if (!/\r\ncontent-disposition:\s*form-data\s*;(?:[^\r\n]*;)?\s*name="?file"?(?:;|\r\n|$)/i.test(headers)) {
    throw new FormError("the form's first field is not the file");
  }
  return end + 4;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

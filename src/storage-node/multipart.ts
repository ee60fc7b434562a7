import { formBoundary, MultipartReader } from "../streams/multipart.js";

/** The body is not a multipart form with one file in it. */
export class FormError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FormError";
  }
}

const refusals = {
  incomplete: () => new FormError("the form ends before its file does"),
  malformed: () => new FormError("the body is not a multipart form"),
  headTooLong: () => new FormError("the file's part has headers that are too long"),
};

/**
 * The content of a form's only part, the field `file`, as views of the body's chunks; what follows the part is not
 * read. Throws FormError: at once when `contentType` is not a form's, and while reading when the part is another field
 * or is not closed.
 */
export function formFile(contentType: string | undefined, body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const boundary = formBoundary(contentType);
  if (boundary === undefined) throw new FormError("not a multipart form");
  return fileOf(new MultipartReader(boundary, body, refusals));
}

async function* fileOf(form: MultipartReader): AsyncGenerator<Buffer> {
  try {
    if (!(await form.another()) || (await form.head()).name.toLowerCase() !== "file")
      throw new FormError("the form's first field is not the file");
    yield* form.content();
  } finally {
    await form.close();
  }
}

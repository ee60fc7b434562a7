import { expect } from "chai";
import fc from "fast-check";
import { FormError, formFile } from "../../../src/storage-node/multipart.js";

async function* pieces(body: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const at = [...new Set(cuts.map((cut) => cut % (body.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const end of [...at, body.length]) {
    if (end > start) yield await Promise.resolve(body.subarray(start, end));
    start = end;
  }
}

async function read(body: Buffer, cuts: readonly number[] = []): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of formFile("multipart/form-data; boundary=b", pieces(body, cuts)))
    chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const form = (content: Buffer, disposition = 'form-data; name="file"; filename="x"') =>
  Buffer.concat([
    Buffer.from(`--b\r\nContent-Disposition: ${disposition}\r\n\r\n`),
    content,
    Buffer.from("\r\n--b--\r\n"),
  ]);

describe("formFile", () => {
  it("gives the file's bytes however the body is cut, even when they look like delimiters", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("\r", "\n", "\r\n-", "\r\n--", "--b", "\0", "xyz"), { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        async (words, cuts) => {
          const content = Buffer.from(words.join(""));
          fc.pre(!content.includes("\r\n--b"));
          expect((await read(form(content), cuts)).equals(content)).to.equal(true);
        },
      ),
    ));

  it("refuses a form that is not closed", async () => {
    const body = form(Buffer.from("content"));
    for (let length = 0; length < body.length - 4; length += 3) {
      const error = await read(body.subarray(0, length)).catch((e: unknown) => e);
      if (length < body.length - 9) expect(error, `${length} bytes`).to.be.instanceOf(FormError);
    }
  });

  it("refuses another field than the file, and headers without end", async () => {
    const other = await read(form(Buffer.from("x"), 'form-data; name="other"')).catch((e: unknown) => e);
    expect(other).to.be.instanceOf(FormError);
    expect(await read(Buffer.alloc(40_000, "x")).catch((e: unknown) => e)).to.be.instanceOf(FormError);
  });

  it("refuses other bodies than forms at once", () => {
    for (const type of [undefined, "application/json", "multipart/form-data"])
      expect(() => formFile(type, pieces(Buffer.from("--b"), []))).to.throw(FormError, /not a multipart form/);
  });
});

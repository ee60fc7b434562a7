import { randomBytes } from "node:crypto";

/** Bytes handed to the socket at a time: small enough that a stalled node is noticed between two of them. */
const CHUNK_SIZE = 256 * 1024;

/** A fragment as a multipart form of one field `file`, sent in views of the caller's bytes: nothing is copied. */
export class FragmentForm {
  readonly contentType: string;
  readonly contentLength: number;
  private readonly head: Buffer;
  private readonly tail: Buffer;

  constructor(private readonly bytes: Uint8Array) {
    const boundary = randomBytes(24).toString("hex");
    this.contentType = `multipart/form-data; boundary=${boundary}`;
    this.head = Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="fragment"\r\n` +
        "Content-Type: application/octet-stream\r\n\r\n",
    );
    this.tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    this.contentLength = this.head.length + bytes.length + this.tail.length;
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    yield this.head;
    for (let start = 0; start < this.bytes.length; start += CHUNK_SIZE)
      yield this.bytes.subarray(start, start + CHUNK_SIZE);
    yield this.tail;
  }
}

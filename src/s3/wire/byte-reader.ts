import { S3Error } from "../../model/errors.js";

const incomplete = () => new S3Error("IncompleteBody");

/** Reads lines and runs of bytes from a stream, holding no more than one line and what the source last gave. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Without its line end (CRLF, or LF alone). IncompleteBody at the end of the stream; `limit` in bytes. */
  async line(limit: number): Promise<string> {
    const line = await this.lineOrEnd(limit);
    if (line === undefined) throw incomplete();
    return line;
  }

  /** As `line`; undefined where the stream ends before another line begins. */
  async lineOrEnd(limit: number): Promise<string | undefined> {
    for (let from = 0; ; ) {
      const end = this.#buffer.indexOf(0x0a, from);
      if (end >= 0 && end <= limit) {
        const line = this.#buffer.toString("latin1", 0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      from = this.#buffer.length;
      if (from > limit) throw new S3Error("InvalidRequest", { message: "The aws-chunked body has a line that is too long." });
      if (!(await this.#fill())) {
        if (from > 0) throw incomplete();
        return undefined;
      }
    }
  }

  /** Between 1 and `limit` bytes; IncompleteBody at the end of the stream. */
  async some(limit: number): Promise<Buffer> {
    while (this.#buffer.length === 0) if (!(await this.#fill())) throw incomplete();
    const bytes = this.#buffer.subarray(0, limit);
    this.#buffer = this.#buffer.subarray(bytes.length);
    return bytes;
  }

  /** InvalidRequest when bytes are left. */
  async end(): Promise<void> {
    if (this.#buffer.length > 0 || (await this.#fill())) {
      throw new S3Error("InvalidRequest", { message: "The aws-chunked body goes on after its end." });
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    const bytes = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    return true;
  }
}

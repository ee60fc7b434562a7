/** The errors for a body that ends too early, and for one that is longer than a limit. */
export interface ReadRefusals {
  readonly incomplete: () => Error;
  readonly tooLong: () => Error;
}

/** Reads lines and bytes from a stream. Holds at most one line and the last piece from the source. */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private readonly refusals: ReadRefusals;
  private buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>, refusals: ReadRefusals) {
    this.source = source[Symbol.asyncIterator]();
    this.refusals = refusals;
  }

  /**
   * One line, of at most `limit` bytes, without its CRLF. `incomplete` where the stream ends, or the line ends
   * otherwise.
   */
  async line(limit: number): Promise<string> {
    const line = await this.lineOrEnd(limit);
    if (!line?.endsWith("\r")) throw this.refusals.incomplete();
    return line.slice(0, -1);
  }

  /**
   * One line, of at most `limit` bytes, without its LF but with the CR before it. Undefined where the stream ends
   * before another line begins; `incomplete` where it ends within one.
   */
  async lineOrEnd(limit: number): Promise<string | undefined> {
    for (let from = 0; ;) {
      const end = this.buffer.indexOf(0x0a, from);
      if (end >= 0 && end <= limit) {
        const line = this.buffer.toString("latin1", 0, end);
        this.buffer = this.buffer.subarray(end + 1);
        return line;
      }
      from = this.buffer.length;
      if (from > limit) throw this.refusals.tooLong();
      if (!(await this.fill())) {
        if (from > 0) throw this.refusals.incomplete();
        return undefined;
      }
    }
  }

  /** Between 1 and `limit` bytes; `incomplete` at the end of the stream. */
  async some(limit: number): Promise<Buffer> {
    while (this.buffer.length === 0) if (!(await this.fill())) throw this.refusals.incomplete();
    const bytes = this.buffer.subarray(0, limit);
    this.buffer = this.buffer.subarray(bytes.length);
    return bytes;
  }

  /** Exactly `size` bytes. */
  async exactly(size: number): Promise<Buffer> {
    while (this.buffer.length < size) if (!(await this.fill())) throw this.refusals.incomplete();
    return this.some(size);
  }

  /** Reads and discards the rest of the stream; `tooLong` above `limit` bytes. */
  async skipRest(limit: number): Promise<void> {
    let left = limit;
    do {
      left -= this.buffer.length;
      this.buffer = Buffer.alloc(0);
      if (left < 0) throw this.refusals.tooLong();
    } while (await this.fill());
  }

  /**
   * The bytes before the next `delimiter`, as they arrive; the delimiter itself is skipped. `incomplete` where there is
   * none.
   */
  async *before(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const end = this.buffer.indexOf(delimiter);
      // The last bytes may be the beginning of a delimiter: they are kept until the next piece arrives.
      const safe = end >= 0 ? end : Math.max(0, this.buffer.length - delimiter.length + 1);
      const bytes = this.buffer.subarray(0, safe);
      this.buffer = this.buffer.subarray(end >= 0 ? end + delimiter.length : safe);
      if (bytes.length > 0) yield bytes;
      if (end >= 0) return;
      if (!(await this.fill())) throw this.refusals.incomplete();
    }
  }

  /** Whether nothing is left. */
  async ended(): Promise<boolean> {
    return this.buffer.length === 0 && !(await this.fill());
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }

  private async fill(): Promise<boolean> {
    const next = await this.source.next();
    if (next.done) return false;
    const bytes = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.buffer = this.buffer.length === 0 ? bytes : Buffer.concat([this.buffer, bytes]);
    return true;
  }
}

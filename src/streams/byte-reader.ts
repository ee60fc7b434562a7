/** How a body is refused that ends, or goes on, where it should not. */
export interface ReadRefusals {
  readonly incomplete: () => Error;
  readonly tooLong: () => Error;
}

/** Reads lines and runs of bytes from a stream, holding no more than one line and what the source last gave. */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private readonly refusals: ReadRefusals;
  private buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>, refusals: ReadRefusals) {
    this.source = source[Symbol.asyncIterator]();
    this.refusals = refusals;
  }

  /** Without its line end (CRLF, or LF alone). `incomplete` at the end of the stream; `limit` in bytes. */
  async line(limit: number): Promise<string> {
    const line = await this.lineOrEnd(limit);
    if (line === undefined) throw this.refusals.incomplete();
    return line;
  }

  /** As `line`; undefined where the stream ends before another line begins. */
  async lineOrEnd(limit: number): Promise<string | undefined> {
    for (let from = 0; ;) {
      const end = this.buffer.indexOf(0x0a, from);
      if (end >= 0 && end <= limit) {
        const line = this.buffer.toString("latin1", 0, end);
        this.buffer = this.buffer.subarray(end + 1);
        return line.endsWith("\r") ? line.slice(0, -1) : line;
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

  /** Lets all that is left pass; `tooLong` above `limit` bytes. */
  async skipRest(limit: number): Promise<void> {
    let left = limit;
    do {
      left -= this.buffer.length;
      this.buffer = Buffer.alloc(0);
      if (left < 0) throw this.refusals.tooLong();
    } while (await this.fill());
  }

  /**
   * The bytes before the next `delimiter`, as they come; it is taken off behind them. `incomplete` where there is none.
   */
  async *before(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const end = this.buffer.indexOf(delimiter);
      // Where there is none, it may have begun in the last bytes: they wait for what comes next.
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

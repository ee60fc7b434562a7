/** Bytes as they arrive, cut into parts of a size, one after the other. */
export class PartSource {
  private readonly source: AsyncIterator<Uint8Array>;
  private held: Uint8Array | undefined;
  /** Bytes that were read. */
  size = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Whether another part follows. */
  async more(): Promise<boolean> {
    while (this.held === undefined || this.held.length === 0) {
      const next = await this.source.next();
      if (next.done === true) return false;
      this.held = next.value;
    }
    return true;
  }

  /** The next `bytes` bytes, or what there is. To be read to its end before the next part. */
  async *part(bytes: number): AsyncGenerator<Uint8Array, void> {
    for (let left = bytes; left > 0 && (await this.more());) {
      const held = this.held ?? new Uint8Array();
      const piece = held.subarray(0, left);
      this.held = held.subarray(piece.length);
      left -= piece.length;
      this.size += piece.length;
      yield piece;
    }
  }

  /** Nothing more is read. */
  async close(): Promise<void> {
    await this.source.return?.();
  }
}

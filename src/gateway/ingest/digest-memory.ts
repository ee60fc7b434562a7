/**
 * Memory that the event loop shares with the digest threads, divided into pieces of one size. All of it is reserved, but a
 * piece becomes resident only when it is used. The piece that was released last is taken next, so few pieces are used.
 */
export class DigestMemory {
  readonly shared: SharedArrayBuffer;
  private readonly free: number[];

  /** Both in bytes. */
  constructor(
    readonly pieceBytes: number,
    bytes: number,
  ) {
    const count = Math.floor(bytes / pieceBytes);
    this.shared = new SharedArrayBuffer(count * pieceBytes);
    this.free = Array.from({ length: count }, (_, index) => (count - 1 - index) * pieceBytes);
  }

  /** `count` pieces; undefined if fewer are free. */
  take(count: number): Uint8Array[] | undefined {
    if (this.free.length < count) return undefined;
    return this.free
      .splice(-count)
      .reverse()
      .map((start) => new Uint8Array(this.shared, start, this.pieceBytes));
  }

  release(pieces: readonly Uint8Array[]): void {
    for (const { byteOffset } of pieces) this.free.push(byteOffset);
  }
}

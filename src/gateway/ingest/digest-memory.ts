/**
 * Memory that the event loop and the digest threads share, handed out in pieces of one size. It is reserved whole but
 * becomes resident only as pieces are used; the piece given back last is used next, so few of them ever are.
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

  /** So many pieces, or undefined when fewer are free. */
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

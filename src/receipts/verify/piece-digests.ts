import type { RunningDigest } from "../../digests/digest.js";

export interface Piece {
  /** Bytes. */
  readonly length: number;
  /** Zeros that follow them, and belong to what is hashed. */
  readonly padding?: number;
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Digests of consecutive pieces of a stream. What follows the last piece is in none. */
export class PieceDigests {
  /** Of the pieces that are whole. */
  readonly done: Buffer[] = [];
  private running: RunningDigest | undefined;
  private taken = 0;

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly begin: () => Promise<RunningDigest>,
  ) {}

  async update(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      const piece = await this.current();
      if (!piece) return;
      this.running ??= await this.begin();
      const part = chunk.subarray(from, from + piece.length - this.taken);
      this.running.update(part);
      this.taken += part.length;
      from += part.length;
      if (this.taken === piece.length) this.end(piece);
    }
  }

  /** Whether every piece is whole. */
  async finish(): Promise<boolean> {
    return (await this.current()) === undefined;
  }

  /** The piece that the next byte belongs to. Empty ones are ended. */
  private async current(): Promise<Piece | undefined> {
    for (;;) {
      const piece = this.pieces[this.done.length];
      if (!piece || piece.length > 0) return piece;
      this.running = await this.begin();
      this.end(piece);
    }
  }

  private end({ padding = 0 }: Piece): void {
    for (let left = padding; left > 0; left -= ZEROS.length)
      this.running?.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    this.done.push(this.running?.digest() ?? Buffer.alloc(0));
    this.running = undefined;
    this.taken = 0;
  }
}

/** Pieces of one size for so many bytes, the last filled with zeros. */
export function filledPieces(bytes: number, size: number): Piece[] {
  return Array.from({ length: Math.ceil(bytes / size) }, (_, n) => {
    const length = Math.min(size, bytes - n * size);
    return { length, padding: size - length };
  });
}

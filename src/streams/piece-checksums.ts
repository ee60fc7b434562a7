import { crc32 } from "@node-rs/crc32";
import { KIB } from "../model/sizes.js";

/** Bytes that one checksum is of; the last piece may be shorter. */
export const PIECE_BYTES = 64 * KIB;
const CHECKSUM_BYTES = 4;

/**
 * CRC-32 of each piece of some bytes. Content of more than one piece is followed by the list of these checksums (32 bits
 * each, little-endian), and the checksum of that list stands for all; that of a single piece stands for itself.
 */
export interface Checksummed {
  readonly length: number;
  readonly checksum: number;
}

export function pieceCount(length: number): number {
  return Math.ceil(length / PIECE_BYTES);
}

/** Bytes of the list that follows content of so many bytes. */
export function listBytes(length: number): number {
  return length > PIECE_BYTES ? pieceCount(length) * CHECKSUM_BYTES : 0;
}

/** Computes the checksums of bytes that come in chunks of any size. */
export class PieceChecksummer {
  private readonly finished: number[] = [];
  private current = 0;
  private filled = 0;
  private length = 0;

  update(chunk: Uint8Array): void {
    this.length += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + PIECE_BYTES - this.filled);
      this.current = crc32(part, this.current);
      this.filled += part.length;
      at += part.length;
      if (this.filled === PIECE_BYTES) this.endPiece();
    }
  }

  /** `list`: what is to follow the content; empty for a single piece. Nothing more can be given to this object. */
  finish(): Checksummed & { readonly list: Buffer } {
    if (this.filled > 0) this.endPiece();
    const { length, finished } = this;
    if (finished.length <= 1) return { length, checksum: finished[0] ?? 0, list: Buffer.alloc(0) };
    const list = Buffer.alloc(listBytes(length));
    for (const [index, checksum] of finished.entries()) list.writeUInt32LE(checksum, index * CHECKSUM_BYTES);
    return { length, checksum: crc32(list), list };
  }

  private endPiece(): void {
    this.finished.push(this.current);
    this.current = 0;
    this.filled = 0;
  }
}

/** What pieces of some bytes must be. */
export class ExpectedPieces {
  private constructor(
    private readonly single: number,
    private readonly list: DataView | undefined,
  ) {}

  /** `list`: as read back, empty for a single piece. Undefined if it is not the list that it should be. */
  static of({ length, checksum }: Checksummed, list: Uint8Array): ExpectedPieces | undefined {
    if (list.length !== listBytes(length)) return undefined;
    if (list.length === 0) return new ExpectedPieces(checksum, undefined);
    if (crc32(list) !== checksum) return undefined;
    return new ExpectedPieces(checksum, new DataView(list.buffer, list.byteOffset, list.byteLength));
  }

  /** The first of the pieces from number `first` on that are not what they should be; undefined if all are. */
  firstWrong(first: number, bytes: Uint8Array): number | undefined {
    for (let at = 0, index = first; at < bytes.length; at += PIECE_BYTES, index++) {
      const expected = this.list?.getUint32(index * CHECKSUM_BYTES, true) ?? this.single;
      if (crc32(bytes.subarray(at, at + PIECE_BYTES)) !== expected) return index;
    }
    return undefined;
  }
}

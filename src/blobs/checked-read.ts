import type { ByteRange } from "../model/byte-range.js";
import type { Damage } from "../model/damage.js";
import type { BlobId } from "../model/object.js";
import { ShortFile } from "../streams/file-chunks.js";
import { PIECE_BYTES, type ExpectedPieces } from "../streams/piece-checksums.js";
import { BlobMissing } from "./blobs.js";
import { isMissing } from "./missing.js";

/** Where a blob lies: from byte `offset` of a file. */
export interface BlobFile {
  readonly id: BlobId;
  readonly path: string;
  readonly offset: number;
}

/** What was read is not what was written. */
export class WrongBytes extends Error {
  constructor(readonly range: ByteRange) {
    super(`bytes ${range.start} to ${range.end} do not have their checksum`);
    this.name = "WrongBytes";
  }
}

/** Gives bytes of a file, as `fileChunks`. */
export type ReadChunks = (path: string, range: ByteRange) => AsyncIterable<Uint8Array>;

/** Bytes `range` of a blob of `length` bytes. Whole pieces are read, and each is checked before it is given. */
export async function* checkedBytes(
  { path, offset }: BlobFile,
  length: number,
  { start, end }: ByteRange,
  expected: ExpectedPieces,
  read: ReadChunks,
): AsyncGenerator<Uint8Array, void> {
  const from = Math.floor(start / PIECE_BYTES) * PIECE_BYTES;
  const to = start === end ? from : Math.min(Math.ceil(end / PIECE_BYTES) * PIECE_BYTES, length);
  let position = from;
  for await (const chunk of read(path, { start: offset + from, end: offset + to })) {
    const wrong = expected.firstWrong(position / PIECE_BYTES, chunk);
    if (wrong !== undefined)
      throw new WrongBytes({ start: wrong * PIECE_BYTES, end: Math.min((wrong + 1) * PIECE_BYTES, length) });
    const part = chunk.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
    position += chunk.length;
    if (part.length > 0) yield part;
  }
}

/** The damage that a failed read shows; undefined for a failure of another kind, such as an I/O error. */
export function damageIn({ id, path, offset }: BlobFile, length: number, error: unknown): Damage | undefined {
  const damage = (why: string, { start, end }: ByteRange): Damage => ({
    kind: "stagedBytesDamaged",
    path,
    slices: [{ blob: id, offset: start, length: end - start }],
    why,
  });
  const whole = { start: 0, end: length };
  if (error instanceof WrongBytes) return damage(error.message, error.range);
  if (error instanceof ShortFile) {
    const start = error.position - offset;
    // One that ends within the list of checksums has lost what all bytes are checked against.
    return damage(
      `the file ends at byte ${error.position}`,
      start >= length ? whole : { ...whole, start: Math.max(start, 0) },
    );
  }
  if (isMissing(error) || error instanceof BlobMissing) return damage("the file is missing", whole);
  return undefined;
}

import type { ByteRange } from "../../model/byte-range.js";
import { stagedBytesDamaged, type DamageRecord } from "../../model/damage.js";
import type { BlobId, BlobSlice } from "../../model/object.js";
import { MIB } from "../../model/sizes.js";
import { inPieces } from "../../streams/in-pieces.js";
import { ExpectedPieces, listBytes, PIECE_BYTES, type Checksummed } from "../../streams/piece-checksums.js";
import { placeOf, type BlobPlace } from "../blob-id.js";
import { BlobMissing } from "../blobs.js";
import { damageIn, WrongBytes } from "../checked-read.js";
import type { ChecksumLists } from "../checksum-lists.js";
import type { BlobCache } from "../blob-cache.js";
import { isMissingObject, isOutsideObject } from "./s3-errors.js";
import type { S3Store } from "./s3-store.js";

/** Of a blob that takes at most so many bytes, all are fetched at once, with the list of its checksums. */
const AT_ONCE_BYTES = MIB + 64 * 4;

export interface S3ReaderParts {
  readonly store: S3Store;
  readonly lists: ChecksumLists;
  readonly recent: BlobCache;
  readonly keyOf: (id: BlobId) => string;
  /** False if the blob is known to be removed or set aside. */
  readonly mayHave: (id: BlobId) => boolean;
  readonly onDamage: DamageRecord;
  /** Looks for a blob that is missing. Resolves whether another look is worthwhile. */
  readonly search: (id: BlobId) => Promise<boolean>;
}

/** Reads blobs from objects, each piece checked before any byte of it is given. */
export class S3Reader {
  constructor(private readonly parts: S3ReaderParts) {}

  async *read(id: BlobId, place: BlobPlace, range: ByteRange | undefined): AsyncGenerator<Uint8Array, void> {
    const { length, checksummed } = place;
    if (length === undefined || !checksummed) throw new BlobMissing(id);
    const { start, end } = range ?? { start: 0, end: length };
    if (end > length) throw new Error(`blob ${id} ends at byte ${length}, before ${end}`);
    const recent = this.parts.recent.read(id, range);
    if (recent) {
      if (recent.length > 0) yield recent;
      return;
    }
    let position = start;
    for (let searched = false; ; searched = true) {
      try {
        for await (const chunk of this.checked(id, place, checksummed, { start: position, end })) {
          position += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        const missing = error instanceof BlobMissing || isMissingObject(error);
        if (missing && !searched && (await this.parts.search(id))) continue;
        throw await this.judge(id, length, place.offset, missing, error);
      }
    }
  }

  private async *checked(
    id: BlobId,
    place: BlobPlace,
    checksummed: Checksummed,
    { start, end }: ByteRange,
  ): AsyncGenerator<Uint8Array, void> {
    const { store, lists, keyOf, mayHave } = this.parts;
    if (!mayHave(id)) throw new BlobMissing(id);
    const { length } = checksummed;
    const key = keyOf(id);
    const bytesOf = (from: number, to: number) =>
      store.read(key, { start: place.offset + from, end: place.offset + to });
    const wholeBytes = length + listBytes(length);
    if (wholeBytes <= AT_ONCE_BYTES) {
      const all = await gather(length === 0 ? this.emptyOf(key) : bytesOf(0, wholeBytes), wholeBytes);
      const expected = ExpectedPieces.of(checksummed, all.subarray(length));
      const from = Math.floor(start / PIECE_BYTES);
      const pieces = all.subarray(from * PIECE_BYTES, start === end ? from : roundedUp(end, length));
      requireRight(expected, length, from, start === end ? new Uint8Array(0) : pieces);
      if (end > start) yield all.subarray(start, end);
      return;
    }
    const readList = () => gather(bytesOf(length, wholeBytes), listBytes(length));
    const expected = await lists.get(id, checksummed, readList);
    if (start === end) return;
    let at = Math.floor(start / PIECE_BYTES) * PIECE_BYTES;
    for await (const piece of inPieces(bytesOf(at, roundedUp(end, length)), PIECE_BYTES)) {
      requireRight(expected, length, at / PIECE_BYTES, piece);
      const part = piece.subarray(Math.max(start - at, 0), Math.max(end - at, 0));
      at += piece.length;
      // The next piece takes the place of this one.
      if (part.length > 0) yield Uint8Array.from(part);
    }
  }

  /** No byte can be asked for; but the object must be there. */
  private async *emptyOf(key: string): AsyncGenerator<Uint8Array, void> {
    if (!(await this.parts.store.find(key))) throw Object.assign(new Error(key), { name: "NoSuchKey" });
    yield new Uint8Array(0);
  }

  /** What a read that failed is to throw. Damage has been recorded then. */
  private async judge(id: BlobId, length: number, offset: number, missing: boolean, error: unknown): Promise<unknown> {
    const cause = missing
      ? new BlobMissing(id)
      : isOutsideObject(error)
        ? new WrongBytes({ start: 0, end: length })
        : error;
    const damage = damageIn({ id, path: this.parts.store.url(this.parts.keyOf(id)), offset }, length, cause);
    if (!damage) return error;
    // A blob that nothing needs any more is missing as it should be.
    const needed = await this.parts.onDamage(damage);
    return missing && !needed ? cause : stagedBytesDamaged(damage);
  }
}

function requireRight(expected: ExpectedPieces | undefined, length: number, first: number, pieces: Uint8Array): void {
  if (!expected) throw new WrongBytes({ start: 0, end: length });
  const wrong = expected.firstWrong(first, pieces);
  if (wrong === undefined) return;
  throw new WrongBytes({ start: wrong * PIECE_BYTES, end: Math.min((wrong + 1) * PIECE_BYTES, length) });
}

/** The end of the piece that a range ends in. */
function roundedUp(end: number, length: number): number {
  return Math.min(Math.ceil(end / PIECE_BYTES) * PIECE_BYTES, length);
}

async function gather(chunks: AsyncIterable<Uint8Array>, bytes: number): Promise<Buffer> {
  const all = Buffer.allocUnsafe(bytes);
  let at = 0;
  for await (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** The bytes of the pieces that a slice touches. */
export function piecesOf({ blob, offset, length }: BlobSlice): ByteRange {
  const start = Math.floor(offset / PIECE_BYTES) * PIECE_BYTES;
  return { start, end: roundedUp(offset + length, placeOf(blob).length ?? 0) };
}

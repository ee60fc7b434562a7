import type { ByteRange } from "../../model/byte-range.js";
import type { BlobSlice } from "../../model/object.js";
import { listBytes } from "../../streams/piece-checksums.js";
import { placeOf } from "../blob-id.js";
import type { LocatedBytes } from "../blobs.js";
import { isGone } from "./s3-errors.js";
import { objectKey } from "./s3-keys.js";
import { piecesOf } from "./s3-reader.js";
import type { S3Store } from "./s3-store.js";
import type { Spool, SpooledBytes } from "./spool.js";

/**
 * Local copies of slices, for worker threads: of the pieces that a slice touches, and of the list of the blob's checksums, each
 * where the blob has it. The threads check them, and tell what is missing.
 */
export class LocalCopies {
  constructor(
    private readonly store: S3Store,
    private readonly spool: Spool,
  ) {}

  with<T>(
    slices: readonly BlobSlice[],
    work: (content: readonly LocatedBytes[]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const fetch = (slice: BlobSlice) => this.partsOf(slice);
    return this.spool.with(slices, fetch, bytesOf, (paths) => work(located(slices, paths)), signal);
  }

  private partsOf(slice: BlobSlice): SpooledBytes[] {
    const { offset, length = 0 } = placeOf(slice.blob);
    const part = ({ start, end }: ByteRange) => ({
      position: start,
      content: this.fetch(slice, { start: offset + start, end: offset + end }),
    });
    return [part(piecesOf(slice)), part({ start: length, end: length + listBytes(length) })];
  }

  /** Of what is missing, nothing. */
  private async *fetch({ blob }: BlobSlice, range: ByteRange): AsyncGenerator<Uint8Array, void> {
    try {
      yield* this.store.read(objectKey(blob), range);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

/** Of the local copy of a slice. */
function bytesOf(slice: BlobSlice): number {
  const { start, end } = piecesOf(slice);
  return end - start + listBytes(placeOf(slice.blob).length ?? 0);
}

/** A copy has the blob from its first byte on. */
function located(slices: readonly BlobSlice[], paths: readonly string[]): LocatedBytes[] {
  return slices.map(({ blob: id, offset, length }, index) => {
    const { checksummed } = placeOf(id);
    return { path: paths[index] ?? "", offset, length, blob: { id, offset: 0, checksummed } };
  });
}

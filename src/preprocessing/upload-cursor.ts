import type { Catalog } from "../catalog/catalog.js";
import { segmentCapacity, type SegmentFormat } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";

/** Parts read at a time: a segment of 32 MiB needs seven or fewer of the parts S3 lets an upload consist of. */
const PARTS_PER_READ = 32;

/** Where the next segment begins in an upload's bytes. Valid as long as no earlier part changes. */
export interface UploadCursor {
  readonly index: number;
  /** The last part that ends before the cursor. */
  readonly part: number;
  /** Bytes of the next part that lie before the cursor. */
  readonly offset: number;
}

export const UPLOAD_START: UploadCursor = { index: 0, part: 0, offset: 0 };

export interface SegmentAtCursor {
  readonly slices: readonly BlobSlice[];
  readonly next: UploadCursor;
}

/** The whole segment at the cursor; undefined while parts of it are missing. */
export async function segmentAt(
  catalog: Catalog,
  upload: string,
  cursor: UploadCursor,
  format: SegmentFormat,
): Promise<SegmentAtCursor | undefined> {
  const slices: BlobSlice[] = [];
  let { part: before, offset } = cursor;
  let missing = segmentCapacity(format);
  for (;;) {
    const parts = await catalog.uploads.parts(upload, before, PARTS_PER_READ);
    for (const { partNumber, blob, size } of parts) {
      if (partNumber !== before + 1) return undefined;
      const length = Math.min(missing, size - offset);
      // The part became shorter, so the cursor is out of date. The `advance` of that part follows and resets it.
      if (length < 0) return undefined;
      if (length > 0) slices.push({ blob, offset, length });
      missing -= length;
      const whole = offset + length === size;
      if (missing === 0) {
        const next = whole ? { part: partNumber, offset: 0 } : { part: before, offset: offset + length };
        return { slices, next: { index: cursor.index + 1, ...next } };
      }
      before = partNumber;
      offset = 0;
    }
    if (parts.length < PARTS_PER_READ) return undefined;
  }
}

import { PLAIN, type SegmentFormat, type SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import { FRAGMENTS } from "../model/sizes.js";

const HASH_SIZE = 32;
const SEGMENT_HASHES_SIZE = (1 + FRAGMENTS) * HASH_SIZE;

/** 13 hashes of 32 bytes for each segment: its own, then its fragments' in index order. */
export function packSegments(segments: readonly SegmentHashes[]): Uint8Array {
  const packed = Buffer.alloc(segments.length * SEGMENT_HASHES_SIZE);
  segments.forEach((segment, at) => {
    if (segment.fragments.length !== FRAGMENTS) throw new Error(`a segment has ${segment.fragments.length} fragment hashes, not ${FRAGMENTS}`);
    [segment.hash, ...segment.fragments].forEach((hash, index) => packed.write(hash, at * SEGMENT_HASHES_SIZE + index * HASH_SIZE, HASH_SIZE, "hex"));
  });
  return packed;
}

export function unpackSegments(column: ArrayBuffer | Uint8Array): SegmentHashes[] {
  const packed = column instanceof Uint8Array ? Buffer.from(column.buffer, column.byteOffset, column.byteLength) : Buffer.from(column);
  if (packed.length % SEGMENT_HASHES_SIZE !== 0) throw new Error(`${packed.length} bytes are no whole number of segments' hashes`);
  return Array.from({ length: packed.length / SEGMENT_HASHES_SIZE }, (_, segment) => {
    const at = segment * SEGMENT_HASHES_SIZE;
    const hash = (index: number) => packed.toString("hex", at + index * HASH_SIZE, at + (index + 1) * HASH_SIZE) as Hash;
    return { hash: hash(0), fragments: Array.from({ length: FRAGMENTS }, (_, index) => hash(index + 1)) };
  });
}

/** Null stands for the plain format. */
export function packFormat(format: SegmentFormat | undefined): string | null {
  return format === undefined || format.name === "plain" ? null : JSON.stringify(format);
}

export function unpackFormat(column: string | null): SegmentFormat {
  return column === null ? PLAIN : (JSON.parse(column) as SegmentFormat);
}

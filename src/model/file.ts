import type { Fid, Hash } from "./hash.js";
import { SEGMENT_SIZE } from "./sizes.js";

/** What preprocessing knows of one segment: its hash and those of its 12 fragments, in index order 0…11. */
export interface SegmentHashes {
  readonly hash: Hash;
  readonly fragments: readonly Hash[];
}

/**
 * How an object's bytes become a segment's 32 MiB.
 * `plain`: the bytes, zero-filled. `cess-cbc`: DeOSS's scheme, AES-256-CBC with a fixed IV; `cipher` is the user's
 * text of 1 to 32 bytes.
 */
export type SegmentFormat = { readonly name: "plain" } | { readonly name: "cess-cbc"; readonly cipher: string };

export const PLAIN: SegmentFormat = { name: "plain" };

/** Object bytes one segment of this format carries. */
export function segmentCapacity(format: SegmentFormat): number {
  return format.name === "plain" ? SEGMENT_SIZE : SEGMENT_SIZE - 16;
}

/** Segments that `size` bytes need in this format; 0 for the empty object, which is no file on chain. */
export function segmentCount(size: number, format: SegmentFormat = PLAIN): number {
  return Math.ceil(size / segmentCapacity(format));
}

/** A preprocessed CESS file: at most 1,000 segments, `size` object bytes in all. */
export interface CessFile {
  readonly fid: Fid;
  readonly size: number;
  readonly format: SegmentFormat;
  readonly segments: readonly SegmentHashes[];
}

/** A run of an object's bytes that lives in one file: `length` bytes from byte `offset` of the file's content. */
export interface Extent {
  readonly fid: Fid;
  readonly offset: number;
  readonly length: number;
}

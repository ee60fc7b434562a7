import type { Fid, Hash } from "./hash.js";
import { CHARGED_PER_SEGMENT, CHUNK_CONTENT, CHUNK_SIZE, SEGMENT_SIZE } from "./sizes.js";

/** The hash of a segment and those of its 12 fragments, in order of index 0…11. */
export interface SegmentHashes {
  readonly hash: Hash;
  readonly fragments: readonly Hash[];
}

/** 32 random bytes as 64 hex digits. Encrypts the files of one object and nothing else. */
export type DataKey = string & { readonly __brand: "DataKey" };

/**
 * How an object's bytes become the 32 MiB of a segment. `plain`: the bytes, zero-filled. `cess-cbc`: DeOSS's scheme,
 * AES-256-CBC with a fixed IV; `cipher` is the user's text of 1 to 32 bytes. `aes-256-gcm`: authenticated chunks, see
 * docs/encryption.md; `first` is the number of the file's first segment, counted over the whole object. Without `key`
 * its segments can be neither made nor read.
 */
export type SegmentFormat =
  | { readonly name: "plain" }
  | { readonly name: "cess-cbc"; readonly cipher: string }
  | { readonly name: "aes-256-gcm"; readonly key?: DataKey; readonly first: number };

export const PLAIN: SegmentFormat = { name: "plain" };

/** Object bytes in one segment of this format. */
export function segmentCapacity(format: SegmentFormat): number {
  switch (format.name) {
    case "plain":
      return SEGMENT_SIZE;
    case "cess-cbc":
      return SEGMENT_SIZE - 16;
    case "aes-256-gcm":
      return (SEGMENT_SIZE / CHUNK_SIZE) * CHUNK_CONTENT;
  }
}

/** The format of a file that begins with segment `index` of a file, or object, of this format. */
export function formatFrom(format: SegmentFormat, index: number): SegmentFormat {
  return format.name === "aes-256-gcm" ? { ...format, first: format.first + index } : format;
}

/** Segments for `size` bytes in this format; 0 for the empty object, which is not stored on chain. */
export function segmentCount(size: number, format: SegmentFormat = PLAIN): number {
  return Math.ceil(size / segmentCapacity(format));
}

/** What a territory is charged for files of so many bytes in the plain format. */
export function chargedBytes(size: number): number {
  return segmentCount(size) * CHARGED_PER_SEGMENT;
}

/** A preprocessed CESS file: at most 1,000 segments, `size` object bytes in all. */
export interface CessFile {
  readonly fid: Fid;
  readonly size: number;
  readonly format: SegmentFormat;
  readonly segments: readonly SegmentHashes[];
}

/** A run of an object's bytes in one file: `length` bytes from byte `offset` of the file's content. */
export interface Extent {
  /** The id of the file's row in the catalog. Several owners may have the same content, each in a format of its own. */
  readonly file: string;
  readonly fid: Fid;
  readonly offset: number;
  readonly length: number;
  /** Set where the file is a pack: `offset` is that of the stored bytes, `length` the object's. */
  readonly packed?: {
    /** Stored bytes: more than the object's where it is encrypted. */
    readonly length: number;
    /** SHA-256 of the stored bytes. */
    readonly digest: Hash;
  };
}

/** The stored bytes of a packed object: a run of a pack's content, proven by a digest of its own. */
export interface PackedRun {
  /** Of the stored bytes in the pack's content, in bytes; `length` of an encrypted object is that of its chunks. */
  readonly offset: number;
  readonly length: number;
  /** SHA-256 of these bytes. */
  readonly digest: Hash;
  /** The object's data key; absent: the bytes lie in the pack as they are. */
  readonly key?: DataKey;
}

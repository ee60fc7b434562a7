import type { ByteRange } from "../model/byte-range.js";
import type { Hash } from "../model/hash.js";

/** What a tier holds, and what it was asked for since the start. The disk is asked for what memory does not hold. */
export interface TierUsage {
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  /** Fragments that had to go for others. */
  readonly evictions: number;
}

/**
 * Verified data fragments by their hash, which may be lost at any time. Memory over disk, each bounded in bytes. Reads
 * never fail: a damaged entry counts as missing.
 */
export interface FragmentCache {
  get(hash: Hash): Promise<Uint8Array | undefined>;
  /** As `get`, but from memory only, without waiting. */
  held(hash: Hash): Uint8Array | undefined;
  /** Whether it is there, without reading it: it may be lost, or found damaged, until it is read. */
  has(hash: Hash): boolean;
  /**
   * Bytes `range` of a fragment on disk that was verified before and not touched since, without loading the whole
   * fragment. Undefined where `get` should be used instead. Throws where it cannot continue: the bytes so far are
   * right, and `get` has the rest.
   */
  stream(hash: Hash, range: ByteRange): AsyncGenerator<Uint8Array, void> | undefined;
  /** Stores bytes that the caller has verified and will not change any more. */
  set(hash: Hash, bytes: Uint8Array): Promise<void>;
  clear(): Promise<void>;
  usage(): { readonly memory: TierUsage; readonly disk: TierUsage };
  close(): Promise<void>;
}

import type { ByteRange } from "../model/byte-range.js";
import type { Hash } from "../model/hash.js";

/**
 * Verified data fragments that may be lost at any time, by their hash: memory over disk, each bounded in bytes, LRU.
 * Reads never fail: what is broken is missing.
 */
export interface FragmentCache {
  get(hash: Hash): Promise<Uint8Array | undefined>;
  /** As `get`, from memory alone: what is there costs no waiting. */
  held(hash: Hash): Uint8Array | undefined;
  /**
   * Bytes `range` of a fragment that lies on disk, was verified before and is untouched since, without holding the
   * whole of it; undefined where `get` does better. Throws where it cannot go on: what it gave is right, the rest is
   * for `get`.
   */
  stream(hash: Hash, range: ByteRange): AsyncGenerator<Uint8Array, void> | undefined;
  /** Keeps bytes already verified; the caller must not change them after. */
  set(hash: Hash, bytes: Uint8Array): Promise<void>;
  clear(): Promise<void>;
  usage(): { readonly memoryBytes: number; readonly diskBytes: number; readonly hits: number; readonly misses: number };
  close(): Promise<void>;
}

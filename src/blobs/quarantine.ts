import type { BlobId } from "../model/object.js";

/** A file in quarantine: a blob, or a pack of small ones. */
export interface QuarantinedFile {
  readonly name: string;
  /** When it was set aside, milliseconds since 1970. */
  readonly since: number;
  readonly size: number;
}

/**
 * Blobs that nothing is known to need, kept for a while all the same: the catalog may have gone back. To readers they are
 * missing. A small blob stays in its pack, and the pack goes into quarantine, whole, when none of its blobs is left that
 * something needs.
 */
export interface Quarantine {
  /** Sets blobs aside. Those that are pinned or unsettled stay where they are, and all while removals are held. */
  add(ids: readonly BlobId[]): Promise<void>;
  /** What is there, the oldest first. */
  files(): Promise<readonly QuarantinedFile[]>;
  /** The blobs in such a file; empty for an unknown one. */
  blobs(name: string): Promise<readonly BlobId[]>;
  /** Makes the blobs in a file readable again. */
  putBack(name: string): Promise<void>;
  /** Removes a file for good. */
  discard(name: string): Promise<void>;
}

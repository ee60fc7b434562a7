import type { ByteRange } from "../model/byte-range.js";
import type { ByteStream } from "../streams/byte-stream.js";
import type { CessFile, PackedRun } from "../model/file.js";
import type { Waits } from "../model/waits.js";

/** Reads stored files back: from the cache, else the data fragments that a range touches, else any 4 of 12. */
export interface Retrieval {
  /**
   * Bytes `range` of each file, one after another. Resolves once the first fragment is verified; rejects with
   * DomainError `objectUnavailable` when a segment has fewer than 4 good fragments. A later failure is thrown to the
   * reader, never padded. Fetching stops while the reader does not read, and ends with the signal. `waits` counts for
   * how long the reader waited for fragments.
   */
  open(files: readonly FileRange[], signal?: AbortSignal, reach?: Reach, waits?: Waits): Promise<ByteStream>;
}

/**
 * Where a read may look for fragments that are not cached: nowhere (`cache`), at the storage nodes, or (the default) at
 * other gateways as well. A read on behalf of another gateway must not ask gateways in turn, or two would wait for each
 * other.
 */
export type Reach = "cache" | "nodes" | "peers";

/** Bytes `range` of one file's content, or of one packed object's. */
export interface FileRange {
  readonly file: CessFile;
  readonly range: ByteRange;
  /** The packed object that `range` counts in, from its first byte; `file` is then the pack. */
  readonly packed?: PackedRun;
}

import type { ByteRange } from "../model/byte-range.js";
import type { ByteStream } from "../streams/byte-stream.js";
import type { CessFile } from "../model/file.js";

/** Reads stored files back: cache, then the data fragments a range touches, then any 4 of 12. */
export interface Retrieval {
  /**
   * Bytes `range` of the files' contents laid end to end. Resolves once the first fragment is verified; rejects with
   * DomainError `objectUnavailable` when fewer than 4 good fragments of a segment can be had. A failure later is
   * thrown to the reader: it never pads. Back-pressure holds the fetching; the signal ends it.
   */
  open(files: readonly FileRange[], signal?: AbortSignal, reach?: Reach): Promise<ByteStream>;
}

/**
 * How far a read may go for what is not cached: nowhere (`cache`), to the storage nodes, or (the default) to other
 * gateways as well. A gateway that reads for another must not ask others in turn, or two wait for each other.
 */
export type Reach = "cache" | "nodes" | "peers";

/** Bytes `range` of one file's content. */
export interface FileRange {
  readonly file: CessFile;
  readonly range: ByteRange;
}

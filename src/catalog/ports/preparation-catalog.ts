import type { SegmentHashes } from "../../model/file.js";

/**
 * Segments preprocessed before their file is complete. `subject` is an upload's or a version's id; `source` names the
 * exact slices the segment was made of, so that a part uploaded again makes the entry useless instead of wrong.
 */
export interface PreparationCatalog {
  save(subject: string, index: number, source: string, hashes: SegmentHashes): Promise<void>;
  all(
    subject: string,
  ): Promise<readonly { readonly index: number; readonly source: string; readonly hashes: SegmentHashes }[]>;
  clear(subject: string): Promise<void>;
  /** Clears subjects that are neither an open upload nor a staged version. Returns how many. */
  prune(): Promise<number>;
}

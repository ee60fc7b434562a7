/* What is kept for documents about files whose rows are gone. Times are as in `Schema`. */

/** Files that were deleted on the chain for an owner, whose rows are gone. */
export interface DeletedFileTable {
  fid: string;
  /** The owner's address on the chain. */
  account: string;
  block: number | null;
  deleted_at: number;
}

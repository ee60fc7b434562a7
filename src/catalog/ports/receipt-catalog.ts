import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";

/** Blocks of a file's orders, by their numbers. Absent: this gateway did not see it, or gave no such order. */
export interface FileBlocks {
  /** Of the declaration for the row's owner. */
  readonly declared?: number;
}

/** A file that this gateway had the chain delete for an owner. */
export interface DeletedFile {
  readonly account: CessAccount;
  /** Of the deletion; absent where it was not seen. */
  readonly block?: number;
  /** When the gateway saw that a final block did not list the owner any more. */
  readonly at: number;
}

/** What is kept for receipts and certificates of deletion. */
export interface ReceiptCatalog {
  /** A declaration of the file for its owner is in this final block. */
  declaredIn(file: string, block: number): Promise<void>;
  /** A deletion of the file for its owner is in this final block. */
  deletedIn(file: string, block: number): Promise<void>;
  blocks(file: string): Promise<FileBlocks>;
  /** For each owner the last time; kept for 2 years. */
  deletions(fid: Fid): Promise<readonly DeletedFile[]>;
}

import type { Fid } from "../model/hash.js";
import type { DeletionCertificate, Receipt } from "./document.js";

/** Issues documents about what the chain lists, signed by the gateway's account. */
export interface Receipts {
  /**
   * Of the version with this id (ObjectVersion.id), by the newest final block. Rejects with DomainError `notStored`,
   * `noObject` where it is gone, `noReceipt` for what can have none, `objectUnavailable` where the chain does not list
   * what the catalog says, `overloaded`, and `dependencyUnavailable` when the chain cannot be read.
   */
  of(version: string, signal?: AbortSignal): Promise<Receipt>;
  /**
   * Of a file that this gateway had deleted, one for each owner, by the newest final block; none where it deleted none, or
   * where the owner is listed again. Rejects with DomainError `overloaded` and `dependencyUnavailable`.
   */
  deletions(fid: Fid, signal?: AbortSignal): Promise<readonly DeletionCertificate[]>;
}

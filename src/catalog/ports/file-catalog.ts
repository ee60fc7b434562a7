import type { CessFile } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { BlobSlice } from "../../model/object.js";
import type { Released } from "./released.js";

export type FileState = "encoded" | "declared" | "placed" | "stored" | "failed" | "deleting";

/** One owner's stake in a CESS file. Two owners of the same bytes are two rows with one FID. */
export interface FileRow extends CessFile {
  readonly id: string;
  /** Account.id; chain owner and territory are looked up from it by who needs them. */
  readonly owner: string;
  readonly territory: string;
  readonly state: FileState;
  /** 0…12 */
  readonly reports: number;
  readonly failure?: string;
  /** Set before a declaration or deletion is sent; cleared when it is known to be settled. */
  readonly signed?: { readonly nonce: number; readonly untilBlock: number };
  /** Staged bytes of its content; empty once stored. */
  readonly blobs: readonly BlobSlice[];
  /** Versions that need it. */
  readonly references: number;
}

export interface Placement {
  /** 0…11 */
  readonly index: number;
  readonly node: string;
  /** `sent`: the node has taken every fragment of this index. */
  readonly state: "assigned" | "sent" | "reported";
  /** When it became `sent`. */
  readonly since: number;
}

export interface FileCatalog {
  get(id: string): Promise<FileRow | undefined>;
  /**
   * What retrieval needs of a row's file and no version of it can tell. How many bytes it has is for each version to
   * say: zeros at the end are what a segment is filled with. It may be remembered, so its data key is never with it
   * either.
   */
  manifest(id: string): Promise<Omit<CessFile, "size"> | undefined>;
  /** Rows of all owners with this FID, oldest first. */
  withFid(fid: Fid): Promise<readonly FileRow[]>;
  markSigned(id: string, signed: { readonly nonce: number; readonly untilBlock: number } | undefined): Promise<void>;
  /** encoded → declared → placed, reports included. Never backwards except to `encoded` (the deal vanished). */
  advance(id: string, state: "encoded" | "declared" | "placed", reports: number): Promise<void>;
  /**
   * The chain (finalized) lists this owner: releases staging and the file's data key, removes the `store` job; adds a
   * `delete` job if nothing needs the file.
   */
  stored(id: string): Promise<Released>;
  /** The network refused for good. Bytes stay. Removes the `store` job. */
  failed(id: string, failure: string): Promise<void>;
  /** failed → encoded with a `store` job, for another try. */
  retry(id: string): Promise<void>;
  /** stored → deleting if nothing references it; false when something does again (then its `delete` job is removed). */
  beginDelete(id: string): Promise<boolean>;
  /**
   * The chain no longer lists this owner: the row goes, or, when something references it again, becomes `encoded` with
   * a `store` job.
   */
  deleted(id: string): Promise<void>;
  /**
   * An encoded or failed file nothing references, that was never declared: the row goes with its blobs. False when it
   * is needed.
   */
  discard(id: string): Promise<Released & { readonly discarded: boolean }>;
  /** Fragment index → storage node, as chosen by placement. */
  placements(id: string): Promise<readonly Placement[]>;
  savePlacements(id: string, placements: readonly Placement[]): Promise<void>;
  countByState(): Promise<Readonly<Record<FileState, number>>>;
}

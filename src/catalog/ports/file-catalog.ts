import type { CessAccount } from "../../model/account.js";
import type { CessFile } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { Layout } from "../../model/layout.js";
import type { BlobSlice } from "../../model/object.js";
import type { Released } from "./released.js";

export type FileState = "encoded" | "declared" | "placed" | "stored" | "failed" | "deleting";

/** One owner's stake in a CESS file. Two owners of the same bytes are two rows with one FID. */
export interface FileRow extends CessFile {
  readonly id: string;
  /** Account.id. The chain account is looked up from it. */
  readonly owner: string;
  readonly territory: string;
  /** `pack`: it holds many objects. */
  readonly layout: Layout;
  readonly state: FileState;
  /** 0…12 */
  readonly reports: number;
  readonly failure?: string;
  /** Set before a declaration or deletion is sent; cleared when it is known to be settled. */
  readonly signed?: { readonly nonce: number; readonly untilBlock: number };
  /** Staged bytes of its content; empty once stored. */
  readonly blobs: readonly BlobSlice[];
  /**
   * The file is under repair: it is deleted on the chain and ordered anew, although it is needed. `blobs` are then not its
   * content but its segments as the network had them, in the plain format.
   */
  readonly restored?: boolean;
  /** It is the journal or the snapshot of this number. */
  readonly journal?: {
    readonly snapshot: boolean;
    /** False: the next one goes on with it. */
    readonly whole: boolean;
    readonly number: number;
    readonly stream: string;
  };
  /** Its name on the chain, where it is the snapshot of a share. */
  readonly chainName?: string;
  /** A version needs it, or will when objects have moved to it from another pack; or a journal or share does. */
  readonly needed: boolean;
}

/** A version that has a file of its own. */
export interface FileUse {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  /** The file is the whole of it. */
  readonly whole: boolean;
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
   * What retrieval needs of a file and its versions do not hold. The size in bytes is each version's, since the zeros
   * that fill a segment may be content or not. The result may be cached, so it never contains the data key.
   */
  manifest(id: string): Promise<Omit<CessFile, "size"> | undefined>;
  /** Rows of all owners with this FID, oldest first. */
  withFid(fid: Fid): Promise<readonly FileRow[]>;
  /** The bucket of the oldest version that needs the file; undefined where none does. */
  bucketOf(id: string): Promise<string | undefined>;
  /**
   * Versions whose content, or a part of it, is the file with this FID: current ones first, then in order of bucket and
   * key, at most 1000. Of objects in packs none: a pack's content is no object's.
   */
  objectsWith(fid: Fid): Promise<readonly FileUse[]>;
  markSigned(id: string, signed: { readonly nonce: number; readonly untilBlock: number } | undefined): Promise<void>;
  /**
   * encoded → declared → placed, with the number of reports. Goes backwards only to `encoded`, when the deal vanished.
   */
  advance(id: string, state: "encoded" | "declared" | "placed", reports: number): Promise<void>;
  /**
   * The finalized chain lists this owner: releases the staged bytes and the file's data key, and removes the `store`
   * job. Adds a `delete` job if nothing references the file.
   */
  stored(id: string): Promise<Released>;
  /** The network refused the file for good: removes the `store` job. Staged bytes stay while a version needs the file. */
  failed(id: string, failure: string): Promise<void>;
  /**
   * The file's staged bytes are damaged, and the damage is recorded. It goes on with those of another version that has
   * the same, if there is one; else it has failed, as above, until somebody puts them again. Resolves whether it has.
   */
  damaged(id: string, failure: string): Promise<boolean>;
  /** failed → encoded with a `store` job, for another try. */
  retry(id: string): Promise<void>;
  /** stored → deleting if nothing references it; false when something does again (then its `delete` job is removed). */
  beginDelete(id: string): Promise<boolean>;
  /**
   * The chain no longer lists this owner: removes the row or, when something references it again, sets it to `encoded`
   * with a `store` job. `account`: the owner on the chain, whose deletion is recorded (receipt-catalog).
   */
  deleted(id: string, account?: CessAccount): Promise<void>;
  /**
   * Removes an encoded or failed file with its blobs, if nothing references it and it was never declared. `discarded`
   * is false otherwise.
   */
  discard(id: string): Promise<Released & { readonly discarded: boolean }>;
  /** Fragment index → storage node, as chosen by placement. */
  placements(id: string): Promise<readonly Placement[]>;
  savePlacements(id: string, placements: readonly Placement[]): Promise<void>;
  countByState(): Promise<Readonly<Record<FileState, number>>>;
}

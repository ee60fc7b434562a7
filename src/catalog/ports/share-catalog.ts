import type { JournalUnit } from "../../model/journal-unit.js";
import type { FileState } from "./file-catalog.js";
import type { NewFile } from "./new-version.js";

/** A bucket that somebody else may read: docs/journal.md. */
export interface Share {
  readonly bucket: string;
  /** The public key that it is sealed to, 64 hex digits. */
  readonly recipient: string;
  /** Eight hex digits, which its snapshots name: the same when the bucket is shared again. */
  readonly stream: string;
  /** ms since 1970. */
  readonly createdAt: number;
}

/** What of a bucket was written for a share. */
export interface ShareSnapshot {
  readonly number: number;
  /** Of the file on the chain. */
  readonly name: string;
  /** SHA-256 of what it has. */
  readonly digest: string;
  readonly readAt: number;
}

export interface KnownShare extends Share {
  /** Account.id of the bucket's owner; absent: the bucket is gone. */
  readonly owner?: string;
  /** The one on the network, and the one on its way; oldest first. */
  readonly snapshots: readonly (ShareSnapshot & {
    /** Absent: it is gone. */
    readonly file?: { readonly fid: string; readonly state: FileState };
  })[];
}

type Key = Pick<Share, "bucket" | "recipient">;

export interface ShareCatalog {
  /** Resolves whether it is new. Rejects with DomainError `noBucket`. */
  add(share: Key): Promise<boolean>;
  all(): Promise<readonly KnownShare[]>;
  /** Its files are let go. Resolves whether there was such a share. */
  remove(share: Key): Promise<boolean>;
  /** The bucket, as journals have it. */
  bucket(name: string): Promise<JournalUnit>;
  /** Versions of the bucket in order of their ids, after this one, as journals have them. */
  versions(bucket: string, after: number, limit: number): Promise<readonly JournalUnit[]>;
  /** Files of these ids that the network has or is to have, as journals have them. */
  files(ids: readonly number[]): Promise<readonly JournalUnit[]>;
  /** The snapshot's file is to be stored for this owner: `blobs` holds its bytes. Resolves false where the share is gone. */
  order(share: Key, snapshot: ShareSnapshot, file: NewFile, owner: string): Promise<boolean>;
  /** Lets go of the snapshots of this share with a lower number, or of the one that failed. */
  release(share: Key, which: { readonly below: number } | { readonly number: number }): Promise<void>;
}

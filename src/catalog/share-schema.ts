/* Buckets that others may read: docs/journal.md. Times are as in `Schema`. */

export interface ShareTable {
  /** `BUCKET/RECIPIENT` */
  id: string;
  bucket: string;
  /** The public key that it is sealed to, 64 hex digits. */
  recipient: string;
  created_at: number;
}

/** Snapshots of a share on the network, and on their way. */
export interface ShareSnapshotTable {
  file_id: number;
  share: string;
  number: number;
  /** On the chain. */
  name: string;
  /** SHA-256 of what it has. */
  digest: string;
  read_at: number;
}

import type { ColumnType, Generated } from "kysely";
import type { DocumentName } from "../model/bucket-documents.js";
import type { Flag } from "./column-types.js";
import type { FileState, PackFormat, Placement } from "./catalog.js";
import type {
  ConfigurationMarkTable,
  ExtrinsicTable,
  FinalBlockTable,
  GatewayTable,
  HeartbeatTable,
  JobTable,
  LockTable,
  UsageSlotTable,
} from "./coordination-schema.js";
import type { ShareSnapshotTable, ShareTable } from "./share-schema.js";
import type { JournalChangeTable, JournalStateTable, JournalTable } from "./journal-schema.js";
import type { DeletedFileTable } from "./receipt-schema.js";
import type { PaidAuthorizationTable, UsedChallengeTable } from "./sign-up-schema.js";

/** Bytes: written as a view; the type when read depends on the driver (libsql: ArrayBuffer, pg: Buffer). */
export type Bytes = ColumnType<ArrayBuffer | Uint8Array, Uint8Array, Uint8Array>;

/**
 * Columns named `key` hold key text (key-text.ts) and compare by unsigned UTF-8 bytes. `*_at` are milliseconds since
 * 1970. JSON columns (json-columns.ts) are null when empty.
 */
export interface Schema {
  buckets: BucketTable;
  configurations: ConfigurationTable;
  versions: VersionTable;
  version_blobs: VersionBlobTable;
  extents: ExtentTable;
  files: FileTable;
  file_blobs: FileBlobTable;
  placements: PlacementTable;
  failing_nodes: FailingNodeTable;
  failing_fragments: FailingFragmentTable;
  pack_queue: PackQueueTable;
  pack_moves: PackMoveTable;
  take_overs: TakeOverTable;
  uploads: UploadTable;
  parts: PartTable;
  preparations: PreparationTable;
  jobs: JobTable;
  key_uses: KeyUseTable;
  events: EventTable;
  dropped_events: DroppedEventsTable;
  lease_notices: LeaseNoticeTable;
  lease_spends: LeaseSpendTable;
  catalog_mark: CatalogMarkTable;
  accounts: AccountTable;
  access_keys: AccessKeyTable;
  bucket_usage: BucketUsageTable;
  usage_slots: UsageSlotTable;
  used_challenges: UsedChallengeTable;
  paid_authorizations: PaidAuthorizationTable;
  heartbeat: HeartbeatTable;
  locks: LockTable;
  extrinsics: ExtrinsicTable;
  configuration_mark: ConfigurationMarkTable;
  gateways: GatewayTable;
  final_blocks: FinalBlockTable;
  deleted_files: DeletedFileTable;
  journal_changes: JournalChangeTable;
  journals: JournalTable;
  journal_state: JournalStateTable;
  shares: ShareTable;
  share_snapshots: ShareSnapshotTable;
}

export interface BucketTable {
  name: string;
  owner: string;
  region: string;
  created_at: number;
}

export interface ConfigurationTable {
  bucket: string;
  name: DocumentName;
  document: string;
}

/** One row for each version. Ids grow and are never reused, so a greater id of the same key is a newer version. */
export interface VersionTable {
  id: Generated<number>;
  bucket: string;
  key: string;
  version_id: string;
  is_latest: Flag;
  delete_marker: Flag;
  owner: string;
  size: number;
  etag: string;
  created_at: number;
  /**
   * Segments the account will be charged for but that belong to no file yet; 0 once the version is linked to files. 1
   * while it waits for a pack, whatever its size.
   */
  staged_segments: number;
  /** Known once the version is linked to files; before that only of one whose ETag has it. */
  fid: string | null;
  /** JSON: ContentHeaders. */
  content: string | null;
  /** JSON: user metadata. */
  metadata: string | null;
  /** JSON: Checksum. */
  checksum: string | null;
  /** JSON: ObjectPart[]. */
  parts: string | null;
  /** JSON: Tag[]. */
  tags: string | null;
  /** JSON: ObjectLock. */
  lock: string | null;
  /** JSON: Acl. */
  acl: string | null;
  /** JSON: Encryption. */
  encryption: string | null;
  /** Its staged bytes are not what was written: what is wrong with them. */
  damage: string | null;
}

/** Staged bytes of a version; they go when all its files are stored. */
export interface VersionBlobTable {
  version_id: number;
  position: number;
  blob: string;
  offset: number;
  length: number;
}

export interface ExtentTable {
  version_id: number;
  position: number;
  file_id: number;
  offset: number;
  length: number;
  /** Of a packed object: its stored bytes, and their SHA-256 in hex. */
  stored_length: number | null;
  digest: string | null;
}

export interface FileTable {
  id: Generated<number>;
  owner: string;
  fid: string;
  territory: string;
  state: FileState;
  segment_count: number;
  reports: number;
  /** The chain may have a deal or a file of it. Set with the state `declared`, cleared when the deal vanished. */
  declared: Flag;
  failure: string | null;
  signed_nonce: number | null;
  signed_until_block: number | null;
  size: number;
  created_at: number;
  /** JSON: SealedFormat; null is plain. */
  format: string | null;
  /** 13 hashes of 32 bytes a segment: its own, then its fragments'. */
  segments: Bytes;
  /** Null: the file of one object, or of copies of it. */
  packed: PackFormat | null;
  /** Of a pack: the stored bytes that a version needs. */
  live_bytes: Generated<number>;
  /** When the fragments of the stored file were last looked at, or were reported. */
  checked_at: Generated<number>;
  /** It is to be looked at before its turn. */
  check_soon: Generated<Flag>;
  /** Fragments left of the worst segment then, 0…12; null before the first look. */
  redundancy: Generated<number | null>;
  /** Since when too few are left. */
  degraded_since: Generated<number | null>;
  /** Under repair: `file_blobs` has the segments as the network had them, whatever `format` and `size` say. */
  restored: Generated<Flag>;
  /** A pack that is to be merged because of its nodes. */
  renew: Generated<Flag>;
  /** It failed because its staged bytes are damaged. */
  damaged: Generated<Flag>;
  /** When it came to these states last; null before, and where it was not seen in one. */
  declared_at: Generated<number | null>;
  placed_at: Generated<number | null>;
  stored_at: Generated<number | null>;
  /** Blocks of the last declaration and deletion of it, where they were seen. */
  declared_block: Generated<number | null>;
  deleted_block: Generated<number | null>;
  /** It is the journal, or snapshot, of this number; 0: the snapshot of a share. */
  journal: Generated<number | null>;
}

/** Versions that wait for a pack. */
export interface PackQueueTable {
  version_id: number;
  owner: string;
  packed: PackFormat;
  size: number;
  queued_at: number;
  /** JSON: SealedFormat; null is plain. */
  format: string | null;
}

/** Runs of a pack that replace those of another one when the pack is stored. */
export interface PackMoveTable {
  file_id: number;
  offset: number;
  length: number;
  source_id: number;
  source_offset: number;
}

/** Files of the network that are to become an owner's, for an object that is not there yet. They count as needed. */
export interface TakeOverTable {
  id: Generated<number>;
  file_id: number;
  bucket: string;
  key: string;
  created_at: number;
}

export interface FileBlobTable {
  file_id: number;
  position: number;
  blob: string;
  offset: number;
  length: number;
}

export interface PlacementTable {
  file_id: number;
  fragment_index: number;
  node: string;
  state: Placement["state"];
  since: number;
}

/** Nodes that do not answer. */
export interface FailingNodeTable {
  node: string;
  /** When it first failed, of so many failures in a row, and when the last time. */
  since: number;
  samples: number;
  last_at: number;
}

/** Nodes that answer, but do not give their fragments of a file. */
export interface FailingFragmentTable extends FailingNodeTable {
  file_id: number;
}

export interface UploadTable {
  id: string;
  bucket: string;
  key: string;
  owner: string;
  created_at: number;
  state: "open" | "completed" | "aborted";
  /** When it was completed or aborted. */
  ended_at: number | null;
  content: string | null;
  metadata: string | null;
  checksum_algorithm: string | null;
  checksum_type: string | null;
  /** JSON: Tag[]. */
  tags: string | null;
  /** JSON: ObjectLock. */
  lock: string | null;
  /** JSON: Acl. */
  acl: string | null;
  /** JSON: Encryption. */
  encryption: string | null;
  /** As for files; null also when the upload is not open any more. */
  format: string | null;
  /** JSON: the answer of the Complete that succeeded. */
  result: string | null;
}

export interface PartTable {
  upload_id: string;
  part_number: number;
  size: number;
  etag: string;
  /** JSON: Checksum. */
  checksum: string | null;
  blob: string;
  created_at: number;
}

export interface PreparationTable {
  subject: string;
  segment_index: number;
  source: string;
  hashes: Bytes;
}

/** Keys that wrapped secrets in the catalog. */
export interface KeyUseTable {
  key_id: string;
  since: number;
}

/** The outbox: one row for each event and webhook, deleted when it is delivered. */
export interface EventTable {
  id: Generated<number>;
  webhook: string;
  created_at: number;
  /** JSON: ObjectEvent or LeaseEvent. */
  document: string;
}

/** Number of a webhook's events that were dropped, for their age or because too many were waiting. */
export interface DroppedEventsTable {
  webhook: string;
  count: number;
}

/** Of each territory the last notice of its end. */
export interface LeaseNoticeTable {
  cess_account: string;
  territory: string;
  /** A block. */
  deadline: number;
  days: number;
}

/** What was spent on territories, or is about to be. */
export interface LeaseSpendTable {
  id: Generated<number>;
  kind: string;
  cess_account: string;
  territory: string;
  /** Digits: the token's smallest units. */
  amount: string;
  /** Digits: the deadline of a renewal, the size of an expansion. */
  before: string;
  at: number;
  nonce: Generated<number | null>;
  until_block: Generated<number | null>;
  /** 1 when the outcome is known. */
  ended: number;
}

/** One row. */
export interface CatalogMarkTable {
  /** 128 random bits in hex. */
  catalog: string;
  generation: number;
  /** 128 random bits in hex: of the place where bytes are staged. */
  staging_name: string;
  /** 0 or 1: the place was marked with it. */
  staging_marked: Generated<number>;
}

/** Accounts beside those of the configuration. */
export interface AccountTable {
  /** S3's canonical user ID. */
  id: string;
  name: string;
  cess_account: string;
  territory: string;
  reads_network: Flag;
  created_at: number;
  /** Null: it is not disabled. */
  disabled_at: number | null;
  quota_bytes: number | null;
  quota_objects: number | null;
}

/** Access keys beside those of the configuration, of any account. */
export interface AccessKeyTable {
  id: string;
  /** The account's canonical user ID. */
  account: string;
  /** Sealed under the master key. */
  secret: string;
  /** JSON: KeyLimits. */
  limits: string | null;
  /** JSON: an identity policy. */
  policy: string | null;
  created_at: number;
}

/** What a bucket holds, kept in step with `versions` and `parts` by usage.ts. */
export interface BucketUsageTable {
  bucket: string;
  /** Sizes of all versions. */
  bytes: number;
  /** Sizes of the parts of open uploads. */
  upload_bytes: number;
  /** Versions that are no delete markers. */
  objects: number;
  quota_bytes: number | null;
  quota_objects: number | null;
}

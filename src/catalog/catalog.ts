import type { BlobId } from "../model/object.js";
import type { BucketCatalog } from "./ports/bucket-catalog.js";
import type { CheckCatalog } from "./ports/check-catalog.js";
import type { ConfigurationCatalog } from "./ports/configuration-catalog.js";
import type { DamageCatalog } from "./ports/damage-catalog.js";
import type { DocumentCatalog } from "./ports/document-catalog.js";
import type { EventCatalog } from "./ports/event-catalog.js";
import type { ExtrinsicCatalog } from "./ports/extrinsic-catalog.js";
import type { FileCatalog } from "./ports/file-catalog.js";
import type { InspectionCatalog } from "./ports/inspection-catalog.js";
import type { FinalBlockCatalog } from "./ports/final-block-catalog.js";
import type { GatewayCatalog } from "./ports/gateway-catalog.js";
import type { IdentityCatalog } from "./ports/identity-catalog.js";
import type { Job, JobCatalog } from "./ports/job-catalog.js";
import type { JournalCatalog } from "./ports/journal-catalog.js";
import type { KeyUseCatalog } from "./ports/key-use-catalog.js";
import type { LeaseCatalog } from "./ports/lease-catalog.js";
import type { Lock, LockCatalog } from "./ports/lock-catalog.js";
import type { MarkCatalog } from "./ports/mark-catalog.js";
import type { ObjectCatalog } from "./ports/object-catalog.js";
import type { PackCatalog } from "./ports/pack-catalog.js";
import type { PreparationCatalog } from "./ports/preparation-catalog.js";
import type { ShareCatalog } from "./ports/share-catalog.js";
import type { RebuildCatalog } from "./ports/rebuild-catalog.js";
import type { ReceiptCatalog } from "./ports/receipt-catalog.js";
import type { SignUpCatalog } from "./ports/sign-up-catalog.js";
import type { StagingCatalog } from "./ports/staging-catalog.js";
import type { StatusCatalog } from "./ports/status-catalog.js";
import type { TakeOverCatalog } from "./ports/take-over-catalog.js";
import type { UploadCatalog } from "./ports/upload-catalog.js";
import type { UsageCatalog } from "./ports/usage-catalog.js";

export type { DocumentCatalog } from "./ports/document-catalog.js";
export type * from "./ports/bucket-catalog.js";
export type * from "./ports/check-catalog.js";
export type * from "./ports/configuration-catalog.js";
export type * from "./ports/damage-catalog.js";
export type * from "./ports/event-catalog.js";
export type * from "./ports/extrinsic-catalog.js";
export type * from "./ports/file-catalog.js";
export type * from "./ports/final-block-catalog.js";
export type * from "./ports/gateway-catalog.js";
export type * from "./ports/inspection-catalog.js";
export type * from "./ports/identity-catalog.js";
export type * from "./ports/job-catalog.js";
export type * from "./ports/journal-catalog.js";
export type * from "./ports/key-use-catalog.js";
export type * from "./ports/lease-catalog.js";
export type * from "./ports/lock-catalog.js";
export type * from "./ports/mark-catalog.js";
export type * from "./ports/new-version.js";
export type * from "./ports/object-catalog.js";
export type * from "./ports/object-listing.js";
export type * from "./ports/pack-catalog.js";
export type * from "./ports/preparation-catalog.js";
export type * from "./ports/rebuild-catalog.js";
export type * from "./ports/receipt-catalog.js";
export type * from "./ports/released.js";
export type * from "./ports/share-catalog.js";
export type * from "./ports/sign-up-catalog.js";
export type * from "./ports/staging-catalog.js";
export type * from "./ports/status-catalog.js";
export type * from "./ports/take-over-catalog.js";
export type * from "./ports/upload-catalog.js";
export type * from "./ports/usage-catalog.js";

/**
 * `work`: jobs or events were added; who does them looks by itself, too. `flush`: packs are to be closed with what waits.
 * `journal`: what has changed is to be written into a journal.
 */
export type Announcement = "work" | "flush" | "journal";

/** What a worker has leased. */
export type Held = Job | Lock;

/**
 * The metadata index; secrets of formats are sealed in it. Every method is one transaction: when it resolves, what it
 * wrote is durable. Methods that release bytes return the blobs that nothing links any more: the caller removes them
 * then. Times are milliseconds since 1970.
 */
export interface Catalog {
  readonly buckets: BucketCatalog;
  readonly documents: DocumentCatalog;
  readonly configuration: ConfigurationCatalog;
  readonly objects: ObjectCatalog;
  readonly uploads: UploadCatalog;
  readonly preparations: PreparationCatalog;
  readonly files: FileCatalog;
  readonly packs: PackCatalog;
  readonly takeOvers: TakeOverCatalog;
  readonly checks: CheckCatalog;
  readonly jobs: JobCatalog;
  readonly locks: LockCatalog;
  readonly extrinsics: ExtrinsicCatalog;
  readonly keyUses: KeyUseCatalog;
  readonly events: EventCatalog;
  readonly leases: LeaseCatalog;
  readonly mark: MarkCatalog;
  readonly inspection: InspectionCatalog;
  readonly staging: StagingCatalog;
  readonly status: StatusCatalog;
  readonly identities: IdentityCatalog;
  readonly signUps: SignUpCatalog;
  readonly gateways: GatewayCatalog;
  readonly finalBlocks: FinalBlockCatalog;
  readonly usage: UsageCatalog;
  readonly damages: DamageCatalog;
  readonly receipts: ReceiptCatalog;
  readonly journal: JournalCatalog;
  readonly rebuild: RebuildCatalog;
  readonly shares: ShareCatalog;
  /** Returns those of the blobs that nothing links: they may be removed if they are settled. */
  orphans(blobs: readonly BlobId[]): Promise<BlobId[]>;
  /** Bytes that are only on this gateway so far: in all, and those in parts of open uploads. */
  staged(): Promise<{ readonly bytes: number; readonly openUploadBytes: number }>;
  /** Writes a row and reads it back: resolves when the catalog can be written and read, rejects when not. */
  heartbeat(): Promise<void>;
  /** Tells all gateways of this catalog. It may be lost. */
  announce(what: Announcement): void;
  /** Calls the listener for each such announcement, of this process' own as well, until the returned function is called. */
  onAnnounced(what: Announcement, listener: () => void): () => void;
  /**
   * Whether other gateways, or other processes of this one, may have this catalog open: what only one may do at a time
   * then takes a lock.
   */
  readonly shared: boolean;
  /**
   * The same catalog for whoever holds a lease: each write rejects with LeaseLost, and changes nothing, unless that lease
   * is current in the write's own transaction. `held` is asked at each write, and may throw LeaseLost itself.
   */
  fenced(held: () => Held): Catalog;
  close(): Promise<void>;
}

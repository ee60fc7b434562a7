import type { BlobId } from "../model/object.js";
import type { BucketCatalog } from "./ports/bucket-catalog.js";
import type { CheckCatalog } from "./ports/check-catalog.js";
import type { DamageCatalog } from "./ports/damage-catalog.js";
import type { DocumentCatalog } from "./ports/document-catalog.js";
import type { EventCatalog } from "./ports/event-catalog.js";
import type { FileCatalog } from "./ports/file-catalog.js";
import type { InspectionCatalog } from "./ports/inspection-catalog.js";
import type { IdentityCatalog } from "./ports/identity-catalog.js";
import type { JobCatalog } from "./ports/job-catalog.js";
import type { KeyUseCatalog } from "./ports/key-use-catalog.js";
import type { LeaseCatalog } from "./ports/lease-catalog.js";
import type { MarkCatalog } from "./ports/mark-catalog.js";
import type { ObjectCatalog } from "./ports/object-catalog.js";
import type { PackCatalog } from "./ports/pack-catalog.js";
import type { PreparationCatalog } from "./ports/preparation-catalog.js";
import type { SignUpCatalog } from "./ports/sign-up-catalog.js";
import type { StatusCatalog } from "./ports/status-catalog.js";
import type { TakeOverCatalog } from "./ports/take-over-catalog.js";
import type { UploadCatalog } from "./ports/upload-catalog.js";
import type { UsageCatalog } from "./ports/usage-catalog.js";

export type { DocumentCatalog } from "./ports/document-catalog.js";
export type * from "./ports/bucket-catalog.js";
export type * from "./ports/check-catalog.js";
export type * from "./ports/damage-catalog.js";
export type * from "./ports/event-catalog.js";
export type * from "./ports/file-catalog.js";
export type * from "./ports/inspection-catalog.js";
export type * from "./ports/identity-catalog.js";
export type * from "./ports/job-catalog.js";
export type * from "./ports/key-use-catalog.js";
export type * from "./ports/lease-catalog.js";
export type * from "./ports/mark-catalog.js";
export type * from "./ports/new-version.js";
export type * from "./ports/object-catalog.js";
export type * from "./ports/object-listing.js";
export type * from "./ports/pack-catalog.js";
export type * from "./ports/preparation-catalog.js";
export type * from "./ports/released.js";
export type * from "./ports/sign-up-catalog.js";
export type * from "./ports/status-catalog.js";
export type * from "./ports/take-over-catalog.js";
export type * from "./ports/upload-catalog.js";
export type * from "./ports/usage-catalog.js";

/**
 * The metadata index; secrets of formats are sealed in it. Every method is one transaction: when it resolves, what it
 * wrote is durable. Methods that release bytes return the blobs that nothing links any more: the caller removes them
 * then. Times are milliseconds since 1970.
 */
export interface Catalog {
  readonly buckets: BucketCatalog;
  readonly documents: DocumentCatalog;
  readonly objects: ObjectCatalog;
  readonly uploads: UploadCatalog;
  readonly preparations: PreparationCatalog;
  readonly files: FileCatalog;
  readonly packs: PackCatalog;
  readonly takeOvers: TakeOverCatalog;
  readonly checks: CheckCatalog;
  readonly jobs: JobCatalog;
  readonly keyUses: KeyUseCatalog;
  readonly events: EventCatalog;
  readonly leases: LeaseCatalog;
  readonly mark: MarkCatalog;
  readonly inspection: InspectionCatalog;
  readonly status: StatusCatalog;
  readonly identities: IdentityCatalog;
  readonly signUps: SignUpCatalog;
  readonly usage: UsageCatalog;
  readonly damages: DamageCatalog;
  /** Returns those of the blobs that nothing links: they may be removed if they are settled. */
  orphans(blobs: readonly BlobId[]): Promise<BlobId[]>;
  /** Bytes that are only on this gateway so far: in all, and those in parts of open uploads. */
  staged(): Promise<{ readonly bytes: number; readonly openUploadBytes: number }>;
  /** Writes a row and reads it back: resolves when the catalog can be written and read, rejects when not. */
  heartbeat(): Promise<void>;
  close(): Promise<void>;
}

import type { Acls } from "./objects/acls.js";
import type { AccessLogs } from "./objects/access-logs.js";
import type { BucketDocumentStore } from "./buckets/bucket-documents.js";
import type { Buckets } from "./buckets/buckets.js";
import type { Access } from "./call.js";
import type { Locks } from "./objects/locks.js";
import type { Objects } from "./objects/objects.js";
import type { Tagging } from "./objects/tagging.js";
import type { Versions } from "./objects/versions.js";
import type { Uploads } from "./uploads/uploads.js";

export type * from "./objects/acls.js";
export type * from "./objects/access-logs.js";
export type * from "./buckets/bucket-documents.js";
export type * from "./buckets/buckets.js";
export type * from "./call.js";
export type * from "./ingest/body.js";
export type * from "./objects/locks.js";
export type * from "./objects/objects.js";
export type * from "./objects/tagging.js";
export type * from "./objects/versions.js";
export type * from "./uploads/uploads.js";

/**
 * S3's meaning without HTTP. `access` decides whether a call is permitted. The services take permitted calls, which hold
 * the resolved bucket. Failures that clients may see are S3Errors, or DomainErrors that `toS3Error` maps to them.
 */
export interface Gateway {
  readonly access: Access;
  readonly buckets: Buckets;
  readonly documents: BucketDocumentStore;
  readonly acls: Acls;
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly versions: Versions;
  readonly tagging: Tagging;
  readonly locks: Locks;
  readonly accessLogs: AccessLogs;
}

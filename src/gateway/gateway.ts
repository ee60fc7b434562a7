import type { Access } from "./call.js";
import type { Permissions } from "./access/permissions.js";
import type {
  AccessLogs,
  BucketEncryption,
  Cors,
  Lifecycles,
  Notifications,
  Websites,
} from "./buckets/bucket-documents.js";
import type { Buckets } from "./buckets/buckets.js";
import type { Locks } from "./objects/locks.js";
import type { Objects } from "./objects/objects.js";
import type { Tagging } from "./objects/tagging.js";
import type { Versions } from "./objects/versions.js";
import type { Uploads } from "./uploads/uploads.js";

export type * from "./access/permissions.js";
export type * from "./buckets/bucket-documents.js";
export type * from "./buckets/buckets.js";
export type * from "./call.js";
export type * from "./ingest/body.js";
export type * from "./objects/locks.js";
export type * from "./objects/objects.js";
export type * from "./objects/tagging.js";
export type * from "./objects/versions.js";
export type * from "./uploads/uploads.js";

/** S3's meaning without HTTP. Every failure a client may see is an S3Error. */
export interface Gateway {
  readonly access: Access;
  readonly buckets: Buckets;
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly permissions: Permissions;
  readonly cors: Cors;
  readonly versions: Versions;
  readonly tagging: Tagging;
  readonly locks: Locks;
  readonly lifecycles: Lifecycles;
  readonly encryption: BucketEncryption;
  readonly notifications: Notifications;
  readonly websites: Websites;
  readonly accessLogs: AccessLogs;
}

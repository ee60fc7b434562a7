import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { Clock } from "../../model/clock.js";
import type { Accounts } from "../access/accounts.js";
import type { Expiries } from "../buckets/expiries.js";
import type { ObjectLayout } from "../ingest/object-layout.js";
import type { StorageQuota } from "../ingest/storage-quota.js";
import type { LeaseGuard } from "../ingest/lease-guard.js";
import type { QuotaCheck } from "../ingest/quota-check.js";
import type { Digests } from "../ingest/digests.js";
import type { Staging } from "../ingest/staging.js";
import type { ObjectBytes } from "./object-bytes.js";
import type { VersionLookup } from "./version-lookup.js";
import type { ObjectEncryption } from "./object-encryption.js";

/** The components that objects, copies and uploads need in common. */
export interface StorageComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly blobs: Blobs;
  readonly digests: Digests;
  readonly staging: Staging;
  readonly quota: QuotaCheck;
  readonly leases: LeaseGuard;
  readonly storageQuota: StorageQuota;
  readonly lookup: VersionLookup;
  readonly bytes: ObjectBytes;
  readonly encryption: ObjectEncryption;
  readonly expiries: Expiries;
  readonly layouts: ObjectLayout;
}

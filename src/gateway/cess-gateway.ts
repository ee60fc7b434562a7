import type { Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import type { Keys } from "../keys/keys.js";
import type { Chain } from "../network/chain/chain.js";
import type { Preprocessing } from "../preprocessing/preprocessing.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import type { Retrieval } from "../retrieval/retrieval.js";
import type { Accounts } from "./access/access.js";
import { QuotaCheck, quotaDefaults, type QuotaSettings } from "./ingest/quota-check.js";
import { BucketService, NEW_BUCKETS } from "./buckets/bucket-service.js";
import { EncryptionService } from "./buckets/encryption-service.js";
import { Expiries } from "./buckets/expiries.js";
import type {
  AccessLogs,
  BucketEncryption,
  Buckets,
  Cors,
  Gateway,
  Lifecycles,
  Locks,
  Notifications,
  Objects,
  Permissions,
  Tagging,
  Uploads,
  Versions,
  Websites,
} from "./gateway.js";
import { LifecycleService } from "./buckets/lifecycle-service.js";
import { LockService } from "./objects/lock-service.js";
import { LoggingService } from "./buckets/logging-service.js";
import { CorsService } from "./buckets/cors-service.js";
import { PermissionService } from "./access/permission-service.js";
import { InlineDigests, type Digests } from "./ingest/digests.js";
import { NotificationService } from "./buckets/notification-service.js";
import type { NetworkBucket } from "./objects/network-bucket.js";
import { ObjectBytes } from "./objects/object-bytes.js";
import { ObjectCopy } from "./objects/object-copy.js";
import { ENCRYPTION_DEFAULTS, ObjectEncryption } from "./objects/object-encryption.js";
import { ObjectService } from "./objects/object-service.js";
import { Redundancy } from "./objects/redundancy.js";
import { Staging } from "./ingest/staging.js";
import { TagService } from "./objects/tag-service.js";
import { UploadCompletion, type MultipartEtag } from "./uploads/upload-completion.js";
import { UploadService } from "./uploads/upload-service.js";
import { WebsiteService } from "./buckets/website-service.js";
import { VersionService } from "./objects/version-service.js";

export interface GatewayComponents {
  readonly catalog: Catalog;
  /** Absent: every caller is its own bucket's owner. */
  readonly accounts?: Accounts;
  readonly blobs: Blobs;
  readonly preprocessing: Preprocessing;
  readonly retrieval: Retrieval;
  readonly chain: Chain;
  readonly keys: Keys;
  readonly clock: Clock;
  /** What the chain says of files: HEAD then tells how many fragments are left. */
  readonly files?: NetworkFiles;
  /** The bucket of all files on the network. */
  readonly network?: NetworkBucket | undefined;
  /** Where bodies are hashed; on the event loop when absent. */
  readonly digests?: Digests;
  /** Called after commits that may have inserted jobs. */
  readonly onWork?: () => void;
  /** Told of failures to clean up after an answer that was right; the sweeper tries again. */
  readonly onFault?: (error: unknown) => void;
}

export const GATEWAY_DEFAULTS = {
  region: "us-east-1",
  multipartEtag: "fid" as MultipartEtag,
  newBuckets: NEW_BUCKETS,
  encryption: ENCRYPTION_DEFAULTS,
  /** Names of webhooks that buckets may send events to. */
  webhooks: [] as readonly string[],
  /** A day of lifecycle rules, ms. */
  lifecycleDayMs: 86_400_000,
  quota: quotaDefaults as Partial<QuotaSettings>,
};
export type GatewaySettings = typeof GATEWAY_DEFAULTS;

/** S3's meaning over a catalog, staging and the CESS network. */
export class CessGateway implements Gateway {
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

  constructor(components: GatewayComponents, settings: Partial<GatewaySettings> = {}) {
    const {
      region,
      multipartEtag,
      newBuckets,
      encryption,
      lifecycleDayMs,
      webhooks,
      quota: admissionSettings,
    } = { ...GATEWAY_DEFAULTS, ...settings };
    const notifications = new NotificationService({ catalog: components.catalog, webhooks });
    const shared = {
      ...components,
      digests: components.digests ?? new InlineDigests(),
      accounts: components.accounts ?? { owner: () => undefined, all: [] },
      onWork: components.onWork ?? (() => undefined),
      staging: new Staging(components),
      notifications,
      expiries: new Expiries(components.catalog, lifecycleDayMs),
      quota: new QuotaCheck(components, admissionSettings),
      bytes: new ObjectBytes(components),
      encryption: new ObjectEncryption(components, encryption),
      redundancy: components.files && new Redundancy({ files: components.files, clock: components.clock }),
    };
    this.buckets = new BucketService(shared, { region, ...newBuckets });
    this.objects = new ObjectService({ ...shared, copy: new ObjectCopy(shared) });
    this.accessLogs = new LoggingService({ ...shared, objects: this.objects });
    this.uploads = new UploadService({ ...shared, completion: new UploadCompletion(shared, { multipartEtag }) });
    this.versions = new VersionService(shared);
    this.permissions = new PermissionService(shared);
    this.cors = new CorsService(shared);
    this.tagging = new TagService(shared);
    this.locks = new LockService(shared);
    this.notifications = notifications;
    this.websites = new WebsiteService(shared);
    this.lifecycles = new LifecycleService(shared);
    this.encryption = new EncryptionService(shared);
  }
}

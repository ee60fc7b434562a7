import type { Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import type { Keys } from "../keys/keys.js";
import type { PlacementTags } from "../model/placement-tags.js";
import type { UploadPreprocessing } from "../preprocessing/preprocessing.js";
import type { Receipts } from "../receipts/receipts.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import type { Retrieval } from "../retrieval/retrieval.js";
import type { Accounts } from "./access/accounts.js";
import type { Acls } from "./objects/acls.js";
import { AclService } from "./objects/acl-service.js";
import { Authorizer } from "./access/authorizer.js";
import { ObjectLayout, PACKING_DEFAULTS } from "./ingest/object-layout.js";
import type { ChainReadingsSettings, PayersChain, ReadingStore } from "./ingest/chain-readings.js";
import { StorageQuota } from "./ingest/storage-quota.js";
import { LeaseGuard, type LeaseGuardComponents } from "./ingest/lease-guard.js";
import { QuotaCheck } from "./ingest/quota-check.js";
import type { OutlivePolicy } from "../model/lease.js";
import { BucketService, NEW_BUCKETS } from "./buckets/bucket-service.js";
import type { AccessLogs } from "./objects/access-logs.js";
import type { BucketDocumentStore } from "./buckets/bucket-documents.js";
import type { Buckets } from "./buckets/buckets.js";
import { DocumentService } from "./buckets/document-service.js";
import { Expiries } from "./buckets/expiries.js";
import { LogDelivery } from "./objects/log-delivery.js";
import type { Access } from "./call.js";
import type { Gateway } from "./gateway.js";
import type { Locks } from "./objects/locks.js";
import { LockService } from "./objects/lock-service.js";
import type { Objects } from "./objects/objects.js";
import type { Tagging } from "./objects/tagging.js";
import { VersionLookup } from "./objects/version-lookup.js";
import type { Versions } from "./objects/versions.js";
import type { MultipartEtag, Uploads } from "./uploads/uploads.js";
import { InlineDigests, type Digests } from "./ingest/digests.js";
import { NotificationService } from "./buckets/notification-service.js";
import type { NetworkBucket } from "./objects/network-bucket.js";
import { NetworkCopy } from "./objects/network-copy.js";
import { ObjectBytes } from "./objects/object-bytes.js";
import { ObjectCopy } from "./objects/object-copy.js";
import { ENCRYPTION_DEFAULTS, ObjectEncryption } from "./objects/object-encryption.js";
import { ObjectService } from "./objects/object-service.js";
import { Redundancy } from "./objects/redundancy.js";
import { Staging } from "./ingest/staging.js";
import { TAKE_OVER_DEFAULTS, TakeOvers } from "./objects/take-over.js";
import { TagService } from "./objects/tag-service.js";
import { UploadCompletion } from "./uploads/upload-completion.js";
import { UploadService } from "./uploads/upload-service.js";
import { VersionService } from "./objects/version-service.js";

export interface GatewayComponents {
  readonly catalog: Catalog;
  /** Absent: no accounts are known, so only a bucket's owner can write to it. */
  readonly accounts?: Accounts;
  readonly blobs: Blobs;
  readonly preprocessing: UploadPreprocessing;
  readonly retrieval: Retrieval;
  readonly chain: PayersChain;
  readonly keys: Keys;
  readonly clock: Clock;
  /** Where readings of the chain are kept between two processes. */
  readonly readings?: ReadingStore;
  /** Reads files' state from the chain. With it, HEAD tells how many fragments are left. */
  readonly files?: NetworkFiles;
  /** The bucket of all files on the network. */
  readonly network?: NetworkBucket | undefined;
  /** Issues receipts of stored objects; none when absent. */
  readonly receipts?: Pick<Receipts, "of">;
  /** Which storage nodes buckets may choose by their tags; none when absent. */
  readonly placementTags?: PlacementTags;
  /** Where bodies are hashed; on the event loop when absent. */
  readonly digests?: Digests;
  /** Until when accounts' space is paid for, and who is told of what is to last longer. */
  readonly lease?: Omit<LeaseGuardComponents, "clock">;
  /** Called after commits that may have inserted jobs. */
  readonly onWork?: () => void;
  /** Called with failures to remove orphaned blobs. The client's answer is right, and the sweeper tries again. */
  readonly onFault?: (error: unknown) => void;
}

export const GATEWAY_DEFAULTS = {
  region: "us-east-1",
  multipartEtag: "fid" as MultipartEtag,
  newBuckets: NEW_BUCKETS,
  encryption: ENCRYPTION_DEFAULTS,
  packing: PACKING_DEFAULTS,
  /** Names of webhooks that buckets may send events to. */
  webhooks: [] as readonly string[],
  /** A day of lifecycle rules, ms. */
  lifecycleDayMs: 86_400_000,
  /** How readings of the chain about the accounts that pay are used. */
  quota: {} as Partial<ChainReadingsSettings>,
  /** How a request waits for a file of the network to become its account's. */
  takeOver: {} as Partial<typeof TAKE_OVER_DEFAULTS>,
  /** What happens to a request that keeps an object for longer than its territory is paid for. */
  outlive: "warn" as OutlivePolicy,
  /** HEAD tells whether a rebuild would have the object. */
  recoverable: false,
};
export type GatewaySettings = typeof GATEWAY_DEFAULTS;

/** S3's meaning over a catalog, staging and the CESS network. */
export class CessGateway implements Gateway {
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

  constructor(components: GatewayComponents, settings: Partial<GatewaySettings> = {}) {
    const {
      region,
      multipartEtag,
      newBuckets,
      encryption,
      packing,
      lifecycleDayMs,
      webhooks,
      quota,
      takeOver,
      outlive,
      recoverable,
    } = {
      ...GATEWAY_DEFAULTS,
      ...settings,
    };
    const authorizer = new Authorizer(components.catalog);
    const accounts = components.accounts ?? { owner: () => undefined, all: [] };
    const shared = {
      ...components,
      digests: components.digests ?? new InlineDigests(),
      accounts,
      storageQuota: new StorageQuota({ catalog: components.catalog, accounts }),
      onWork: components.onWork ?? (() => undefined),
      staging: new Staging(components),
      authorizer,
      lookup: new VersionLookup(components),
      notifications: new NotificationService(components),
      webhooks,
      expiries: new Expiries(components.catalog, lifecycleDayMs),
      quota: new QuotaCheck({ ...components, store: components.readings }, quota),
      leases: new LeaseGuard({ ...components.lease, clock: components.clock }, outlive),
      bytes: new ObjectBytes(components),
      encryption: new ObjectEncryption(components, encryption),
      layouts: new ObjectLayout(components, packing),
      redundancy: components.files && new Redundancy({ ...components, files: components.files }),
    };
    const takeOvers = new TakeOvers(shared, { ...TAKE_OVER_DEFAULTS, ...takeOver });
    this.access = authorizer;
    this.buckets = new BucketService(shared, { region, ...newBuckets });
    this.documents = new DocumentService(shared);
    this.acls = new AclService(shared);
    this.objects = new ObjectService({
      ...shared,
      recoverable,
      copy: new ObjectCopy({ ...shared, networkCopy: new NetworkCopy({ ...shared, takeOvers }) }),
    });
    this.accessLogs = new LogDelivery({ ...shared, objects: this.objects });
    this.uploads = new UploadService({ ...shared, completion: new UploadCompletion(shared, { multipartEtag }) });
    this.versions = new VersionService(shared);
    this.tagging = new TagService(shared);
    this.locks = new LockService(shared);
  }
}

import type { LoggingConfiguration } from "../model/access-log.js";
import type { Acl, AclRequest } from "../model/acl.js";
import type { Account, KeyLimits } from "../model/account.js";
import type { Bucket, Versioning } from "../model/bucket.js";
import type { ByteRange, RangeRequest } from "../model/byte-range.js";
import type { ByteStream } from "../streams/byte-stream.js";
import type { ChecksumAlgorithm } from "../model/checksum.js";
import type { CustomerKey, DefaultEncryption, EncryptionRequest } from "../model/encryption.js";
import type { Expiry, LifecycleConfiguration } from "../model/lifecycle.js";
import type { LockConfiguration, ObjectLock, Retention } from "../model/object-lock.js";
import type { CorsRule } from "../model/cors.js";
import type { ContentHeaders, ObjectVersion } from "../model/object.js";
import type { ConditionContext } from "../model/policy-condition.js";
import type { NotificationConfiguration } from "../model/notification.js";
import type { Preconditions } from "../model/precondition.js";
import type { ObjectOwnership, Payer, PublicAccessBlock } from "../model/public-access.js";
import type { WebsiteConfiguration } from "../model/website.js";
import type { Tag } from "../model/tag.js";
import type { ListedVersion, VersionEntry } from "../catalog/catalog.js";
import type { Uploads } from "./uploads/uploads.js";

export type * from "./uploads/uploads.js";

/** S3's meaning without HTTP. Every failure a client may see is an S3Error. */
export interface Gateway {
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

/** Who asks, and until when they listen. */
export interface Call {
  readonly account: Account;
  readonly signal: AbortSignal;
  /** As the answer names it. */
  readonly requestId?: string;
  /** What the decision on access asks of a request. Absent: the account itself acts, within what it owns. */
  readonly access?: CallAccess;
}

/** A request as permissions see it. */
export interface CallAccess {
  /** As `GetObject`; it and what is addressed are what is decided on unless a service asks for something else. */
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** Further actions that the request's headers ask for, as `s3:PutObjectAcl`. */
  readonly also: readonly string[];
  readonly anonymous: boolean;
  /** The requester says that it pays: x-amz-request-payer. */
  readonly pays: boolean;
  readonly accessKeyId?: string;
  readonly limits?: KeyLimits | undefined;
  /** Condition keys in lower case. */
  readonly conditions: ConditionContext;
  /** Account.id the client expects to own the bucket, and a copy's source bucket. */
  readonly expectedOwner?: string | undefined;
  readonly expectedSourceOwner?: string | undefined;
}

export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** A request body: decoded bytes, and what the client says they must be. */
export interface Body {
  /** Framing removed, chunk signatures verified; fails with an S3Error (IncompleteBody, SignatureDoesNotMatch, …). */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Decoded bytes announced before the body, when they were. */
  readonly size?: number;
  /** What is known before the body. */
  readonly announced: Expected & { readonly algorithm?: ChecksumAlgorithm; readonly signedChunks?: true };
  /** What the trailer added; valid after the stream has ended. */
  trailer(): Expected;
}

export interface Expected {
  /** Content-MD5, base64. BadDigest when it differs. */
  readonly md5?: string;
  /** x-amz-content-sha256 in hex, when it is a digest. XAmzContentSHA256Mismatch when it differs. */
  readonly sha256?: string;
  /** x-amz-checksum-*, base64 in `value`. BadDigest when it differs. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

export interface NewBucket {
  readonly objectLock?: boolean;
  /** Of the objects others put; the gateway's own choice by default. */
  readonly ownership?: ObjectOwnership;
  readonly acl?: AclRequest;
  readonly tags?: readonly Tag[];
}

export interface Buckets {
  /** NoSuchBucket, AccessDenied: where the call may not do what it asks for. */
  permit(call: Call, name: string): Promise<void>;
  /**
   * InvalidBucketName, BucketAlreadyExists (another's), BucketAlreadyOwnedByYou. In us-east-1, as on AWS, one's own
   * again is a success that sets its ACL anew.
   */
  create(call: Call, name: string, request?: NewBucket): Promise<Bucket>;
  /** NoSuchBucket; AccessDenied for another's. */
  get(call: Call, name: string): Promise<Bucket>;
  list(call: Call): Promise<readonly Bucket[]>;
  delete(call: Call, name: string): Promise<void>;
}

export interface PutSettings {
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly acl?: AclRequest;
  readonly tags?: readonly Tag[];
  readonly lock?: ObjectLock;
  readonly encryption?: EncryptionRequest;
  readonly preconditions?: Preconditions;
}

export interface ReadRequest {
  /** Of an object that was stored with the customer's key. */
  readonly customer?: CustomerKey;
  readonly range?: RangeRequest;
  /** Instead of a range. */
  readonly partNumber?: number;
  readonly preconditions: Preconditions;
}

/** A version just written. */
export type Written = ObjectVersion & { readonly expiry?: Expiry };

export interface ReadResult {
  readonly version: ObjectVersion;
  /** The bytes the answer carries; undefined: the whole object was asked for. */
  readonly range?: ByteRange;
  readonly partsCount?: number;
  /** Absent in a bucket that never had versioning. */
  readonly versionId?: string;
  /** When a lifecycle rule will end it. */
  readonly expiry?: Expiry;
}

export interface CopyRequest {
  readonly source: ObjectName;
  readonly sourcePreconditions: Preconditions;
  /** Undefined: COPY. */
  readonly replaceMetadata?: Pick<PutSettings, "content" | "metadata">;
  /** Undefined: COPY. */
  readonly replaceTags?: readonly Tag[];
  /** What a copy never takes from its source. */
  readonly own?: Pick<ContentHeaders, "storageClass" | "websiteRedirectLocation">;
  readonly lock?: ObjectLock;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly preconditions?: Preconditions;
  /** Of the copy: an ACL is never copied. */
  readonly acl?: AclRequest;
  /** Of the copy: what its bucket gives by default, not what the source has. */
  readonly encryption?: EncryptionRequest;
  readonly sourceCustomer?: CustomerKey;
}

/** A fresh version, with its source's version id as for ReadResult. */
export type Copied = Written & { readonly sourceVersionId?: string };

/** What a deletion did; both members absent in a bucket that never had versioning. */
export interface Deletion {
  /** The version that was named, or the delete marker that was set. */
  readonly versionId?: string;
  /** A delete marker was set, or the version named was one. */
  readonly deleteMarker?: boolean;
}

export interface ListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly limit: number;
}

export interface ListResult {
  readonly keys: readonly ListedVersion[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix of this page, when truncated: `after` of the next. */
  readonly last?: string;
}

export interface Objects {
  /** AccessDenied-class territory errors come before the body is read where its size is known. */
  put(call: Call, name: ObjectName, body: Body, settings: PutSettings): Promise<Written>;
  /**
   * NoSuchKey, NoSuchVersion, AccessDenied and InvalidRequest (customer's key), NotModified, PreconditionFailed,
   * InvalidRange, InvalidPartNumber.
   */
  head(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult>;
  /** As `head`, with the bytes; the first of them are verified before this resolves. */
  get(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult & { readonly body: ByteStream }>;
  /** AccessDenied where a lock protects the version named. */
  delete(call: Call, name: ObjectName, preconditions?: Preconditions, bypassGovernance?: boolean): Promise<Deletion>;
  copy(call: Call, name: ObjectName, request: CopyRequest): Promise<Copied>;
  list(call: Call, bucket: string, request: ListRequest): Promise<ListResult>;
}

export interface VersionListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  readonly limit: number;
}

export interface VersionListResult {
  /** By key, newest first. */
  readonly versions: readonly VersionEntry[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  readonly nextKeyMarker?: string;
  readonly nextVersionIdMarker?: string;
}

export interface Versions {
  state(call: Call, bucket: string): Promise<Versioning | undefined>;
  /** InvalidBucketState: a bucket with object lock keeps its versioning enabled. */
  setState(call: Call, bucket: string, state: Versioning): Promise<void>;
  list(call: Call, bucket: string, request: VersionListRequest): Promise<VersionListResult>;
}

export interface Tagged {
  readonly tags: readonly Tag[];
  readonly versionId?: string;
}

/** InvalidTag for a set beyond S3's limits. */
export interface Tagging {
  /** NoSuchTagSet. */
  ofBucket(call: Call, bucket: string): Promise<readonly Tag[]>;
  setBucket(call: Call, bucket: string, tags: readonly Tag[]): Promise<void>;
  deleteBucket(call: Call, bucket: string): Promise<void>;
  ofObject(call: Call, name: ObjectName): Promise<Tagged>;
  /** None: removes them. */
  setObject(call: Call, name: ObjectName, tags: readonly Tag[]): Promise<Tagged>;
}

/** All of single versions: InvalidRequest where the bucket has no object lock. */
export interface Locks {
  /** ObjectLockConfigurationNotFoundError. */
  configuration(call: Call, bucket: string): Promise<LockConfiguration>;
  /** InvalidBucketState unless versioning is enabled. */
  configure(call: Call, bucket: string, configuration: LockConfiguration): Promise<void>;
  /** NoSuchObjectLockConfiguration. */
  retention(call: Call, name: ObjectName): Promise<Retention>;
  /** Undefined removes it. AccessDenied where the retention in force forbids it. */
  setRetention(
    call: Call,
    name: ObjectName,
    retention: Retention | undefined,
    bypassGovernance: boolean,
  ): Promise<void>;
  /** InvalidArgument where the bucket has no object lock. Of a request that is allowed already. */
  requireBypassable(bucket: string): Promise<void>;
  /** NoSuchObjectLockConfiguration. */
  legalHold(call: Call, name: ObjectName): Promise<"ON" | "OFF">;
  setLegalHold(call: Call, name: ObjectName, legalHold: "ON" | "OFF"): Promise<void>;
}

/** An ACL with the display names of the accounts in it, by Account.id. */
export type NamedAcl = Acl & { readonly names: ReadonlyMap<string, string> };

/** Who may use a bucket and its objects, beside their owner. */
export interface Permissions {
  /** The JSON as it was set; NoSuchBucketPolicy. */
  policy(call: Call, bucket: string): Promise<string>;
  /** NoSuchBucketPolicy. */
  policyIsPublic(call: Call, bucket: string): Promise<boolean>;
  /** MalformedPolicy; AccessDenied for a public one where these are blocked. */
  setPolicy(call: Call, bucket: string, text: string): Promise<void>;
  deletePolicy(call: Call, bucket: string): Promise<void>;
  /** NoSuchPublicAccessBlockConfiguration. */
  publicAccessBlock(call: Call, bucket: string): Promise<PublicAccessBlock>;
  setPublicAccessBlock(call: Call, bucket: string, block: PublicAccessBlock): Promise<void>;
  deletePublicAccessBlock(call: Call, bucket: string): Promise<void>;
  /** OwnershipControlsNotFoundError. */
  ownership(call: Call, bucket: string): Promise<ObjectOwnership>;
  /** InvalidBucketAclWithObjectOwnership where the bucket's ACL grants something to others. */
  setOwnership(call: Call, bucket: string, ownership: ObjectOwnership): Promise<void>;
  deleteOwnership(call: Call, bucket: string): Promise<void>;
  /** The bucket's owner where nothing was set. */
  requestPayment(call: Call, bucket: string): Promise<Payer>;
  setRequestPayment(call: Call, bucket: string, payer: Payer): Promise<void>;
  bucketAcl(call: Call, bucket: string): Promise<NamedAcl>;
  /** AccessControlListNotSupported where ACLs are disabled; AccessDenied for a public one where these are blocked. */
  setBucketAcl(call: Call, bucket: string, request: AclRequest): Promise<void>;
  objectAcl(call: Call, name: ObjectName): Promise<NamedAcl>;
  setObjectAcl(call: Call, name: ObjectName, request: AclRequest): Promise<void>;
}

export interface Cors {
  /** NoSuchCORSConfiguration. */
  rules(call: Call, bucket: string): Promise<readonly CorsRule[]>;
  set(call: Call, bucket: string, rules: readonly CorsRule[]): Promise<void>;
  delete(call: Call, bucket: string): Promise<void>;
  /** For browsers, which ask before they sign: of any bucket, undefined where nothing is set. */
  of(bucket: string): Promise<readonly CorsRule[] | undefined>;
}

/** A document that an owner may set on a bucket. */
interface OnBucket<Document> {
  /** Rejects with the S3 error that says that there is none. */
  get(call: Call, bucket: string): Promise<Document>;
  set(call: Call, bucket: string, document: Document): Promise<void>;
  delete(call: Call, bucket: string): Promise<void>;
}

export type Lifecycles = OnBucket<LifecycleConfiguration>;

/** The operator's default counts as set. KMS.NotFoundException for a cipher that is not in the key file. */
export type BucketEncryption = OnBucket<DefaultEncryption>;

export interface Notifications {
  /** One without rules where nothing was set. */
  get(call: Call, bucket: string): Promise<NotificationConfiguration>;
  /**
   * Replaces all, and sends each webhook a test unless told not to. InvalidArgument for one the operator has not named.
   */
  set(call: Call, bucket: string, configuration: NotificationConfiguration, tested?: boolean): Promise<void>;
}

/** Lines of a bucket's access log that are to become an object. */
export interface SpooledLog {
  readonly bucket: string;
  /** When the first of its requests came, in milliseconds since 1970; all are of that day. */
  readonly begun: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly size: number;
}

export interface AccessLogs {
  /** Undefined where there is no logging. */
  get(call: Call, bucket: string): Promise<LoggingConfiguration | undefined>;
  /** InvalidTargetBucketForLogging; undefined turns logging off. */
  set(call: Call, bucket: string, configuration: LoggingConfiguration | undefined): Promise<void>;
  /** Puts a log object where the bucket's logs go. False: they go nowhere any more. Rejects as Objects.put. */
  deliver(log: SpooledLog, signal: AbortSignal): Promise<boolean>;
}

export interface Websites extends OnBucket<WebsiteConfiguration> {
  /** For browsers, which are nobody: of any bucket. NoSuchBucket, NoSuchWebsiteConfiguration. */
  of(bucket: string): Promise<WebsiteConfiguration>;
}

import type { ListedVersion } from "../../catalog/catalog.js";
import type { AclRequest } from "../../model/acl.js";
import type { ByteRange, RangeRequest } from "../../model/byte-range.js";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import type { CustomerKey, EncryptionRequest } from "../../model/encryption.js";
import type { Expiry } from "../../model/lifecycle.js";
import type { ObjectLock } from "../../model/object-lock.js";
import type { ContentHeaders, ObjectVersion } from "../../model/object.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Tag } from "../../model/tag.js";
import type { ByteStream } from "../../streams/byte-stream.js";
import type { BucketCall } from "../call.js";
import type { Body } from "../ingest/body.js";

/** An object anywhere: a copy's source. */
export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** An object of the bucket that the call is about. */
export interface ObjectKey {
  readonly key: string;
  readonly versionId?: string;
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
  put(call: BucketCall, key: string, body: Body, settings: PutSettings): Promise<Written>;
  /**
   * NoSuchKey, NoSuchVersion, AccessDenied and InvalidRequest (customer's key), NotModified, PreconditionFailed,
   * InvalidRange, InvalidPartNumber.
   */
  head(call: BucketCall, name: ObjectKey, request: ReadRequest): Promise<ReadResult>;
  /** As `head`, with the bytes; the first of them are verified before this resolves. */
  get(call: BucketCall, name: ObjectKey, request: ReadRequest): Promise<ReadResult & { readonly body: ByteStream }>;
  /** AccessDenied where a lock protects the version named. */
  delete(
    call: BucketCall,
    name: ObjectKey,
    preconditions?: Preconditions,
    bypassGovernance?: boolean,
  ): Promise<Deletion>;
  copy(call: BucketCall, key: string, request: CopyRequest): Promise<Copied>;
  list(call: BucketCall, request: ListRequest): Promise<ListResult>;
}

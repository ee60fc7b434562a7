import type { ListedVersion } from "../../catalog/catalog.js";
import type { AclRequest } from "../../model/acl.js";
import type { ByteRange, RangeRequest } from "../../model/byte-range.js";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import type { CustomerCipher, CustomerKey, EncryptionRequest } from "../../model/encryption.js";
import type { Expiry } from "../../model/lifecycle.js";
import type { ObjectLock } from "../../model/object-lock.js";
import type { ContentHeaders, ObjectVersion } from "../../model/object.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Tag } from "../../model/tag.js";
import type { Receipt } from "../../receipts/document.js";
import type { ByteStream } from "../../streams/byte-stream.js";
import type { BucketCall } from "../call.js";
import type { Body } from "../ingest/body.js";

/** An object in any bucket: a copy's source. */
export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** An object of the call's bucket. */
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
  /** Needed to read an object that was stored with a customer's key. */
  readonly customer?: CustomerKey;
  /** Decrypts a file of the network bucket. */
  readonly cipher?: CustomerCipher;
  readonly range?: RangeRequest;
  readonly partNumber?: number;
  readonly preconditions: Preconditions;
}

/** A version that was just written. */
export type Written = ObjectVersion & { readonly expiry?: Expiry };

export interface ReadResult {
  readonly version: ObjectVersion;
  /** The bytes to send; absent if the whole object was requested. */
  readonly range?: ByteRange;
  readonly partsCount?: number;
  /** Absent in a bucket that never had versioning. */
  readonly versionId?: string;
  /** When a lifecycle rule will expire it. */
  readonly expiry?: Expiry;
  /** Until when its space is paid for, where that is known. Milliseconds since 1970. */
  readonly paidUntil?: number;
  /** Whether a rebuild would have it as it is now, where HEAD tells that. */
  readonly recoverable?: boolean;
}

export interface CopyRequest {
  readonly source: ObjectName;
  readonly sourcePreconditions: Preconditions;
  /** Absent: the source's are copied. */
  readonly replaceMetadata?: Pick<PutSettings, "content" | "metadata">;
  /** Absent: the source's are copied. */
  readonly replaceTags?: readonly Tag[];
  /** Headers that a copy never takes from its source. */
  readonly own?: Pick<ContentHeaders, "storageClass" | "websiteRedirectLocation">;
  readonly lock?: ObjectLock;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly preconditions?: Preconditions;
  /** Of the copy; the source's ACL is never copied. */
  readonly acl?: AclRequest;
  /** Of the copy. Absent: the default of the copy's bucket, not the source's encryption. */
  readonly encryption?: EncryptionRequest;
  readonly sourceCustomer?: CustomerKey;
  /** Of a source in the network bucket. */
  readonly sourceCipher?: CustomerCipher;
}

/** The new version. `sourceVersionId` is absent if the source's bucket never had versioning. */
export type Copied = Written & { readonly sourceVersionId?: string };

/** The outcome of a deletion. Both members are absent in a bucket that never had versioning. */
export interface Deletion {
  /** The version that was named, or the new delete marker. */
  readonly versionId?: string;
  /** A delete marker was created, or the named version is one. */
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
  /** The last key or common prefix of a truncated page: `after` of the next request. */
  readonly last?: string;
}

export interface Objects {
  /** If the size is known, errors of the territory (TerritoryTooSmall, …) are thrown before the body is read. */
  put(call: BucketCall, key: string, body: Body, settings: PutSettings): Promise<Written>;
  /**
   * NoSuchKey, NoSuchVersion, AccessDenied and InvalidRequest (customer's key), NotModified, PreconditionFailed,
   * InvalidRange, InvalidPartNumber.
   */
  head(call: BucketCall, name: ObjectKey, request: ReadRequest): Promise<ReadResult>;
  /** Like `head`, with the bytes. The first bytes are verified before this resolves. */
  get(call: BucketCall, name: ObjectKey, request: ReadRequest): Promise<ReadResult & { readonly body: ByteStream }>;
  /**
   * A receipt of a stored object: what the chain lists of it, signed by the gateway. Like `head`, and InvalidObjectState
   * before the object is stored; InvalidRequest for one that can have none.
   */
  receipt(
    call: BucketCall,
    name: ObjectKey,
    request: ReadRequest,
  ): Promise<Pick<ReadResult, "versionId"> & { readonly receipt: Receipt }>;
  /** AccessDenied if a lock protects the named version. */
  delete(
    call: BucketCall,
    name: ObjectKey,
    preconditions?: Preconditions,
    bypassGovernance?: boolean,
  ): Promise<Deletion>;
  copy(call: BucketCall, key: string, request: CopyRequest): Promise<Copied>;
  list(call: BucketCall, request: ListRequest): Promise<ListResult>;
}

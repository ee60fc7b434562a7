import type { Readable } from "node:stream";
import type { AclRequest } from "../model/acl.js";
import type { Account, KeyLimits } from "../model/account.js";
import type { Bucket } from "../model/bucket.js";
import type { ByteRange, RangeRequest } from "../model/byte-range.js";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../model/checksum.js";
import type { ContentHeaders, ObjectVersion, Part, Upload } from "../model/object.js";
import type { ConditionContext } from "../model/policy-condition.js";
import type { Preconditions } from "../model/precondition.js";
import type { ListedPrefix, ListedVersion } from "../catalog/catalog.js";

/** S3's meaning without HTTP. Every failure a client may see is an S3Error. */
export interface Gateway {
  readonly buckets: Buckets;
  readonly objects: Objects;
  readonly uploads: Uploads;
}

/** Who asks, and until when they listen. */
export interface Call {
  readonly account: Account;
  readonly signal: AbortSignal;
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
  readonly announced: Expected & { readonly algorithm?: ChecksumAlgorithm };
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

export interface Buckets {
  /** InvalidBucketName, BucketAlreadyExists (another's). One's own again: success in us-east-1, as AWS does. */
  create(call: Call, name: string): Promise<Bucket>;
  /** NoSuchBucket; AccessDenied for another's. */
  get(call: Call, name: string): Promise<Bucket>;
  list(call: Call): Promise<readonly Bucket[]>;
  delete(call: Call, name: string): Promise<void>;
}

export interface PutSettings {
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly acl?: AclRequest;
  readonly preconditions?: Preconditions;
}

export interface ReadRequest {
  readonly range?: RangeRequest;
  readonly partNumber?: number;
  readonly preconditions: Preconditions;
}

export interface ReadResult {
  readonly version: ObjectVersion;
  /** The bytes the answer carries; undefined: the whole object was asked for. */
  readonly range?: ByteRange;
  readonly partsCount?: number;
}

export interface CopyRequest {
  readonly source: ObjectName;
  readonly sourcePreconditions: Preconditions;
  /** Undefined: COPY. */
  readonly replaceMetadata?: Pick<PutSettings, "content" | "metadata">;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly preconditions?: Preconditions;
  /** Of the copy: an ACL is never copied. */
  readonly acl?: AclRequest;
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
  put(call: Call, name: ObjectName, body: Body, settings: PutSettings): Promise<ObjectVersion>;
  /** NoSuchKey, NoSuchVersion, NotModified, PreconditionFailed, InvalidRange, InvalidPartNumber. */
  head(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult>;
  /** As `head`, with the bytes; the first of them are verified before this resolves. */
  get(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult & { readonly body: Readable }>;
  delete(call: Call, name: ObjectName, preconditions?: Preconditions): Promise<void>;
  copy(call: Call, name: ObjectName, request: CopyRequest): Promise<ObjectVersion>;
  list(call: Call, bucket: string, request: ListRequest): Promise<ListResult>;
}

export interface CreateUploadSettings {
  readonly acl?: AclRequest;
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
}

export interface CompletedPart {
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

export interface CompleteRequest {
  readonly parts: readonly CompletedPart[];
  readonly preconditions?: Preconditions;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
  readonly checksumType?: ChecksumType;
  /** x-amz-mp-object-size: InvalidRequest when the parts' sizes do not add up to it. */
  readonly size?: number;
}

/** What CompleteMultipartUpload answers with; the same upload completed again gives the same. */
export interface CompletedUpload {
  readonly etag: string;
  readonly versionId: string;
  readonly checksum?: Checksum;
}

export interface UploadListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly limit: number;
}

export interface UploadListResult {
  readonly uploads: readonly Upload[];
  readonly prefixes: readonly ListedPrefix["prefix"][];
  readonly truncated: boolean;
  readonly nextKeyMarker?: string;
  readonly nextUploadIdMarker?: string;
}

export interface PartListResult {
  readonly upload: Upload;
  readonly parts: readonly Part[];
  readonly truncated: boolean;
}

export interface Uploads {
  create(call: Call, name: ObjectName, settings: CreateUploadSettings): Promise<Upload>;
  putPart(call: Call, name: ObjectName, uploadId: string, partNumber: number, body: Body): Promise<Part>;
  copyPart(call: Call, name: ObjectName, uploadId: string, partNumber: number, source: ObjectName, range: RangeRequest | undefined, sourcePreconditions: Preconditions): Promise<Part>;
  /**
   * Two steps, because preprocessing may be long: what this rejects with still has a status of its own; then `result`
   * is awaited while the connection is kept alive with whitespace, and its error goes into the 200 body.
   */
  complete(call: Call, name: ObjectName, uploadId: string, request: CompleteRequest): Promise<{ readonly result: Promise<CompletedUpload> }>;
  abort(call: Call, name: ObjectName, uploadId: string): Promise<void>;
  parts(call: Call, name: ObjectName, uploadId: string, after: number, limit: number): Promise<PartListResult>;
  list(call: Call, bucket: string, request: UploadListRequest): Promise<UploadListResult>;
}

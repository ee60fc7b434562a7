import type { ListedPrefix } from "../../catalog/catalog.js";
import type { AclRequest } from "../../model/acl.js";
import type { RangeRequest } from "../../model/byte-range.js";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../../model/checksum.js";
import type { CustomerCipher, CustomerKey, Encryption, EncryptionRequest } from "../../model/encryption.js";
import type { AbortSchedule, Expiry } from "../../model/lifecycle.js";
import type { ObjectLock } from "../../model/object-lock.js";
import type { ContentHeaders, Part, Upload } from "../../model/object.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Tag } from "../../model/tag.js";
import type { BucketCall, UploadCall } from "../call.js";
import type { Body } from "../ingest/body.js";
import type { ObjectName } from "../objects/objects.js";

export interface CreateUploadSettings {
  readonly acl?: AclRequest;
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  readonly tags?: readonly Tag[];
  readonly lock?: ObjectLock;
  readonly encryption?: EncryptionRequest;
}

/** A part, with the encryption of its upload. */
export type StoredPart = Part & { readonly encryption?: Encryption };

export interface CopyPartRequest {
  readonly source: ObjectName;
  readonly sourcePreconditions: Preconditions;
  /** Absent: the whole source. */
  readonly range?: RangeRequest;
  readonly sourceCustomer?: CustomerKey;
  /** Of a source in the network bucket. */
  readonly sourceCipher?: CustomerCipher;
  /** The key the upload was created with. */
  readonly customer?: CustomerKey;
}

/** The form of a completed upload's ETag. An empty object's is always `md5-parts`. */
export type MultipartEtag = "fid" | "fid-parts" | "md5-parts";

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
  /** The form of the ETag; the gateway's setting by default. S3 requests cannot choose it. */
  readonly etag?: MultipartEtag;
  /** Parts may be of any size, as those of the CESS SDKs are. */
  readonly anyPartSize?: true;
  /** x-amz-mp-object-size: InvalidRequest if the sizes of the parts do not add up to it. */
  readonly size?: number;
}

/** The result of CompleteMultipartUpload. Completing the same upload again gives the same result. */
export interface CompletedUpload {
  readonly etag: string;
  readonly versionId: string;
  readonly checksum?: Checksum;
  readonly encryption?: Encryption;
  readonly expiry?: Expiry;
  /** As of Durability. */
  readonly chargedBytes?: number;
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
  readonly upload: Upload & AbortSchedule;
  readonly parts: readonly Part[];
  readonly truncated: boolean;
}

/** Methods about an upload reject with NoSuchUpload if it does not exist or is not open any more. */
export interface Uploads {
  create(call: BucketCall, key: string, settings: CreateUploadSettings): Promise<Upload & AbortSchedule>;
  putPart(call: UploadCall, partNumber: number, body: Body, customer?: CustomerKey): Promise<StoredPart>;
  copyPart(
    call: UploadCall,
    partNumber: number,
    request: CopyPartRequest,
  ): Promise<StoredPart & { readonly sourceVersionId?: string }>;
  /**
   * Completes in two steps, because hashing may take long. A rejection of this promise still gets its own HTTP
   * status. `result` is awaited while whitespace keeps the connection alive, so its error is sent in the body of a 200. The
   * customer's key need not be given again; if it is given, it must be the upload's.
   */
  complete(
    call: UploadCall,
    request: CompleteRequest,
    customer?: CustomerKey,
  ): Promise<{ readonly result: Promise<CompletedUpload> }>;
  abort(call: UploadCall): Promise<void>;
  parts(call: UploadCall, after: number, limit: number): Promise<PartListResult>;
  list(call: BucketCall, request: UploadListRequest): Promise<UploadListResult>;
}

import type { Acl } from "./acl.js";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "./checksum.js";
import type { Encryption } from "./encryption.js";
import { DomainError } from "./errors.js";
import type { Extent, SegmentFormat } from "./file.js";
import type { Fid } from "./hash.js";
import type { NetworkFile } from "./network-file.js";
import type { ObjectLock } from "./object-lock.js";
import type { Tag } from "./tag.js";

/**
 * Progress of an object into the network; also the values of the header `x-cess-state`. `damaged`: some of its staged
 * bytes are not what was written, and the network does not have them.
 */
export const storageStates = ["damaged", "staged", "encoded", "declared", "placed", "stored"] as const;
export type StorageState = (typeof storageStates)[number];

/** Standard headers that S3 stores with an object and sends with it. */
export interface ContentHeaders {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
  readonly expires?: string;
  readonly websiteRedirectLocation?: string;
  readonly storageClass?: string;
}

/** Whether the storage class makes clients expect that the object must be restored before it can be read. */
export function isArchived({ storageClass }: ContentHeaders): boolean {
  return storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE";
}

/** One part of a completed multipart object, for `partNumber` reads and GetObjectAttributes. */
export interface ObjectPart {
  readonly partNumber: number;
  readonly size: number;
  readonly checksum?: Checksum;
}

/** Progress of an object's files, which HEAD shows in addition to S3's headers. */
export interface Durability {
  readonly state: StorageState;
  /**
   * Known from `encoded` on, and of a completed upload whose ETag has it from the start. An object above 31.25 GiB has
   * several files; then this is the root over all segments.
   */
  readonly fid?: Fid;
  /** Where the bytes of a packed object lie in the content of its file: stored bytes, more than its own if encrypted. */
  readonly extent?: { readonly offset: number; readonly length: number };
  /** Storage nodes that have reported their fragments on chain, 0…12, for the file with the least progress. */
  readonly reports: number;
  /** What the territory is charged for the object, or will be, in bytes (charge.ts). Not known of files of others. */
  readonly chargedBytes?: number;
  /** Fragments of the worst segment that the network still has, 0…12, if requested and known. */
  readonly redundancy?: number;
  /** Set when the network refused the file for good (the bytes stay staged and readable), or when it is damaged. */
  readonly failure?: string;
  /** Why there is no progress at the moment: too few storage nodes, say, or a full or expired territory. */
  readonly waiting?: string;
}

/** A version of an object as the catalog knows it. */
export interface ObjectVersion {
  /** The catalog's own row id. */
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** `null`: written while the bucket had no versioning, or had it suspended. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly content: ContentHeaders;
  /** User metadata, names without `x-amz-meta-`, in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  readonly parts?: readonly ObjectPart[];
  /** Account.id of the bucket's owner, who is charged for it. `acl` may name another owner of the object. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly tags?: readonly Tag[];
  readonly lock?: ObjectLock;
  /** Absent: the bucket's owner owns it, and nobody else has a grant. */
  readonly acl?: Acl;
  readonly encryption?: Encryption;
  readonly extents: readonly Extent[];
  readonly durability: Durability;
  /** Only of an object of the network bucket, which has no row in the catalog. */
  readonly network?: NetworkFile;
}

/** A blob is opaque immutable local bytes; its id is unguessable. */
export type BlobId = string & { readonly __brand: "BlobId" };

/** `length` bytes from byte `offset` of a blob. */
export interface BlobSlice {
  readonly blob: BlobId;
  readonly offset: number;
  readonly length: number;
}

/** A numbered body within an upload, 1…10,000. */
export interface Part {
  readonly partNumber: number;
  readonly size: number;
  /** MD5 in hex, without quotes. */
  readonly etag: string;
  readonly checksum?: Checksum;
  readonly blob: BlobId;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A multipart upload. Completed and aborted ones are kept for a while, so that a retry gets the right answer. */
export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly owner: string;
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  readonly tags?: readonly Tag[];
  readonly lock?: ObjectLock;
  /** Of the object it will become. */
  readonly acl?: Acl;
  readonly encryption?: Encryption;
  /** The format of its segments; absent for plain, and once the upload is not open any more. */
  readonly format?: SegmentFormat;
  readonly createdAt: number;
  readonly state: "open" | "completed" | "aborted";
}

export function noUpload(uploadId: string): DomainError {
  return new DomainError({ kind: "noUpload", uploadId }, `No upload ${uploadId} is open.`);
}

import type { Acl } from "../model/acl.js";
import type { BucketDocument, BucketDocuments, DocumentName, DocumentSet } from "../model/bucket-documents.js";
import type { Bucket } from "../model/bucket.js";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../model/checksum.js";
import type { Encryption } from "../model/encryption.js";
import type { CessFile, Extent, SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { ObjectLock, Retention } from "../model/object-lock.js";
import type { BlobId, BlobSlice, ContentHeaders, ObjectPart, ObjectVersion, Part, Upload } from "../model/object.js";
import type { OutboxEvent } from "../model/notification.js";
import type { Preconditions } from "../model/precondition.js";
import type { Tag } from "../model/tag.js";
import type { EventCatalog } from "./outbox.js";

export type * from "./outbox.js";

/**
 * The metadata index; secrets of formats are sealed in it. Every method is one transaction: when it resolves, what it
 * wrote is durable. Those that let go of bytes return the blobs nobody links any more: remove them after. Times are ms
 * since 1970.
 */
export interface Catalog {
  readonly buckets: BucketCatalog;
  readonly configurations: ConfigurationCatalog;
  readonly objects: ObjectCatalog;
  readonly uploads: UploadCatalog;
  readonly preparations: PreparationCatalog;
  readonly files: FileCatalog;
  readonly jobs: JobCatalog;
  readonly keyUses: KeyUseCatalog;
  readonly events: EventCatalog;
  /** Of these blobs, those that nothing links: safe to remove if they are settled. */
  orphans(blobs: readonly BlobId[]): Promise<BlobId[]>;
  /** Bytes on this gateway that are not yet safe elsewhere, in all and those of them that are parts of open uploads. */
  staged(): Promise<{ readonly bytes: number; readonly openUploadBytes: number }>;
  close(): Promise<void>;
}

export interface BucketCatalog {
  /**
   * `created` false: it was there already (the bucket returned may be another owner's). `documents` are set with
   * it.
   */
  create(
    bucket: Omit<Bucket, "createdAt" | "versioning">,
    documents?: DocumentSet,
  ): Promise<{ readonly created: boolean; readonly bucket: Bucket }>;
  get(name: string): Promise<Bucket | undefined>;
  /** By name. */
  list(owner: string): Promise<Bucket[]>;
  /** NoSuchBucket, or BucketNotEmpty while it has a version or a delete marker; its open uploads are aborted. */
  delete(name: string): Promise<Released>;
}

/** What owners have set on their buckets: one document of each name. */
export interface ConfigurationCatalog {
  /** Undefined: never set, or deleted. DamagedDocument. */
  get<Name extends DocumentName>(bucket: string, name: Name): Promise<BucketDocument<Name> | undefined>;
  /** All that is set on a bucket, in one read; undefined where there is no such bucket. */
  all(bucket: string): Promise<BucketDocuments | undefined>;
  /** Buckets where this is set, by name. */
  bucketsWith(name: DocumentName): Promise<string[]>;
  /** Sets or replaces; NoSuchBucket. The documents go with their bucket. */
  put<Name extends DocumentName>(bucket: string, name: Name, document: BucketDocument<Name>): Promise<void>;
  delete(bucket: string, name: DocumentName): Promise<void>;
}

export interface Released {
  readonly orphans: readonly BlobId[];
}

export interface NewVersion {
  readonly bucket: string;
  readonly key: string;
  readonly owner: string;
  readonly size: number;
  readonly etag: string;
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  readonly parts?: readonly ObjectPart[];
  readonly tags?: readonly Tag[];
  readonly lock?: ObjectLock;
  readonly acl?: Acl;
  /** Of a copy or a completed upload of several files: the root over all segments. One file's own is known without. */
  readonly fid?: Fid;
  readonly encryption?: Encryption;
  /** How the bytes become segments when they are encoded later; plain by default. */
  readonly format?: SegmentFormat;
  /** Goes into the outbox with the version. */
  readonly outboxEvent?: OutboxEvent | undefined;
}

/**
 * Where a new version's bytes are: staged here, or (a copy) in files that exist, or nowhere (zero bytes: both empty).
 */
export interface VersionBytes {
  readonly blobs: readonly BlobSlice[];
  /**
   * Only files charged to the same owner and territory. While one of them is not stored,
   * `blobs` must be the staged bytes of the whole. `put` rejects with OperationAborted when a file, or bytes it needs,
   * went since the source was read: read the source again.
   */
  readonly extents?: readonly Extent[];
  /** The blobs are another version's: OperationAborted when they were let go since they were read. */
  readonly copied?: boolean;
}

export interface Written extends Released {
  readonly version: ObjectVersion;
}

export interface ListedKey {
  readonly kind: "key";
  readonly version: ListedVersion;
}

/** What a listing shows of a version. */
export type ListedVersion = Pick<ObjectVersion, "key" | "size" | "etag" | "owner" | "createdAt"> & {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  readonly storageClass?: string;
};

export interface ListedPrefix {
  readonly kind: "prefix";
  readonly prefix: string;
}

export interface ObjectQuery {
  readonly bucket: string;
  /** The bucket's owner, to whom most of its keys are charged. */
  readonly owner: string;
  readonly prefix: string;
  readonly delimiter: string;
  /** Only entries after this key or common prefix, in unsigned UTF-8 order; "" for the beginning. */
  readonly after: string;
  /** 0…1000 */
  readonly limit: number;
}

export interface ObjectPage {
  /** Keys and common prefixes, merged, in unsigned UTF-8 byte order. */
  readonly entries: readonly (ListedKey | ListedPrefix)[];
  readonly truncated: boolean;
}

export interface DeleteRequest {
  readonly versionId?: string;
  /** Nothing happens unless the version it would concern is still this one (ObjectVersion.id). */
  readonly onlyId?: string;
  /** Account.id of who gets the delete marker; the bucket's owner by default. */
  readonly owner?: string;
  /** A retention of mode GOVERNANCE is passed over. */
  readonly bypassGovernance?: boolean;
  /** Goes into the outbox when something was removed or a marker set. */
  readonly outboxEvent?: OutboxEvent | undefined;
}

export interface Deleted extends Released {
  /** False: there was nothing to remove and no marker to set, which S3 calls success too. */
  readonly deleted: boolean;
  /** The version that was removed by its name, or the delete marker that was set. */
  readonly versionId?: string;
  /** A delete marker was set, or the version removed by its name was one. */
  readonly deleteMarker: boolean;
}

export interface VersionQuery {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter: string;
  /** Only entries after this key or common prefix, or after this version of the key. */
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  /** 0…1000 */
  readonly limit: number;
}

/** What a listing of versions shows of one. */
export type VersionEntry = ListedVersion &
  Pick<ObjectVersion, "id" | "versionId" | "isLatest" | "deleteMarker"> & {
    readonly tags?: readonly Tag[];
  };

export interface VersionPage {
  /** By key, newest version first, common prefixes among them. */
  readonly entries: readonly ({ readonly kind: "version"; readonly version: VersionEntry } | ListedPrefix)[];
  readonly truncated: boolean;
}

export interface ObjectCatalog {
  /**
   * The current version, or a certain one. Undefined also where the bucket is missing. A delete marker is returned as
   * such.
   */
  get(bucket: string, key: string, versionId?: string): Promise<ObjectVersion | undefined>;
  /**
   * Makes a version visible. In one transaction: NoSuchBucket; the write preconditions against the current version
   * (PreconditionFailed, NoSuchKey); while versioning is enabled the version gets an id of its own, else the old null
   * version goes and a file it alone needed gets a `delete` job; a version with staged blobs and no extents gets an
   * `encode` job.
   */
  put(version: NewVersion, bytes: VersionBytes, preconditions?: Preconditions): Promise<Written>;
  /**
   * Removes the version that is named; without a name the object: its null version goes (not while versioning is
   * enabled), and a bucket that has versioning gets a delete marker. NoSuchBucket; the write preconditions against the
   * version named, or the current one; AccessDenied where a lock protects it.
   */
  delete(bucket: string, key: string, preconditions?: Preconditions, request?: DeleteRequest): Promise<Deleted>;
  list(query: ObjectQuery): Promise<ObjectPage>;
  listVersions(query: VersionQuery): Promise<VersionPage>;
  /** False: the version is gone. Undefined: the bucket owner's alone again. */
  setAcl(id: string, acl: Acl | undefined): Promise<boolean>;
  /** False: the version is gone. */
  setStorageClass(id: string, storageClass: string): Promise<boolean>;
  /** False: the version is gone. */
  setTags(id: string, tags: readonly Tag[]): Promise<boolean>;
  /** False: the version is gone. AccessDenied where the retention in force may not be changed so. */
  setRetention(id: string, retention: Retention | undefined, bypassGovernance: boolean): Promise<boolean>;
  /** False: the version is gone. */
  setLegalHold(id: string, legalHold: "ON" | "OFF"): Promise<boolean>;
  byId(id: string): Promise<ObjectVersion | undefined>;
  /** Staged bytes of a version, in order; empty when they were released (or it has none). */
  blobs(id: string): Promise<readonly BlobSlice[]>;
  /** The version's extents with the rows of the files they lie in. */
  extents(id: string): Promise<readonly Extent[]>;
  /**
   * Preprocessing is done: links the version to its files (creating the owner's rows where there are none, each new,
   * failed or deleting one with a `store` job), removes the `encode` job. Where all files are stored already the staged
   * bytes are let go. A version deleted meanwhile: nothing happens. `fid`: the root over all segments, where there are
   * several files.
   */
  attach(id: string, files: readonly NewFile[], fid?: Fid): Promise<Released>;
  /** Segments charged to this account (Account.id) that the chain does not yet count: staged or not yet declared. */
  undeclaredSegments(owner: string): Promise<number>;
}

/** A file for `attach` or `complete`, with the slices of staged bytes its content is. */
export interface NewFile extends CessFile {
  readonly territory: string;
  readonly blobs: readonly BlobSlice[];
}

export interface UploadCatalog {
  /** NoSuchBucket. */
  create(upload: Omit<Upload, "createdAt" | "state">): Promise<Upload>;
  /** Also completed and aborted ones while they are remembered. Undefined where bucket or key differ. */
  get(bucket: string, key: string, id: string): Promise<Upload | undefined>;
  /** Puts or replaces a part; NoSuchUpload unless open. */
  putPart(id: string, part: Omit<Part, "createdAt">): Promise<Released & { readonly part: Part }>;
  /** By part number, those above `after`. */
  parts(id: string, after?: number, limit?: number): Promise<Part[]>;
  /** Bytes of all its parts together. */
  size(id: string): Promise<number>;
  list(query: UploadQuery): Promise<UploadPage>;
  /** NoSuchUpload unless open (or already aborted: then nothing). */
  abort(id: string): Promise<Released>;
  /**
   * In one transaction: the upload must be open and its listed parts still those (blob ids), else NoSuchUpload or
   * InvalidPart; write preconditions; the version appears with its files (rules of `attach`); unlisted parts are let
   * go; the upload is kept as completed, with its result.
   */
  complete(
    id: string,
    version: NewVersion,
    parts: readonly Part[],
    files: readonly NewFile[],
    preconditions?: Preconditions,
  ): Promise<Written>;
  /** The answer of the Complete that succeeded, for a repeated one. */
  result(id: string): Promise<
    | {
        readonly etag: string;
        readonly versionId: string;
        readonly checksum?: Checksum;
        readonly partEtags: readonly string[];
      }
    | undefined
  >;
  /** Forgets completed and aborted uploads that ended before this, at most 1000 at a time. Returns how many. */
  forget(before: number): Promise<number>;
}

export interface UploadQuery {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly limit: number;
}

export interface UploadPage {
  /** By key, then by time of creation. */
  readonly entries: readonly ({ readonly kind: "upload"; readonly upload: Upload } | ListedPrefix)[];
  readonly truncated: boolean;
}

/**
 * Segments preprocessed before their file is complete. `subject` is an upload's or a version's id; `source` names the
 * exact slices the segment was made of, so that a part uploaded again makes the entry useless instead of wrong.
 */
export interface PreparationCatalog {
  save(subject: string, index: number, source: string, hashes: SegmentHashes): Promise<void>;
  all(
    subject: string,
  ): Promise<readonly { readonly index: number; readonly source: string; readonly hashes: SegmentHashes }[]>;
  clear(subject: string): Promise<void>;
  /** Clears subjects that are gone: no open upload and no staged version. Returns how many subjects that were. */
  prune(): Promise<number>;
}

export type FileState = "encoded" | "declared" | "placed" | "stored" | "failed" | "deleting";

/** One owner's stake in a CESS file. Two owners of the same bytes are two rows with one FID. */
export interface FileRow extends CessFile {
  readonly id: string;
  /** Account.id; chain owner and territory are looked up from it by who needs them. */
  readonly owner: string;
  readonly territory: string;
  readonly state: FileState;
  /** 0…12 */
  readonly reports: number;
  readonly failure?: string;
  /** Set before a declaration or deletion is sent; cleared when it is known to be settled. */
  readonly signed?: { readonly nonce: number; readonly untilBlock: number };
  /** Staged bytes of its content; empty once stored. */
  readonly blobs: readonly BlobSlice[];
  /** Versions that need it. */
  readonly references: number;
}

export interface FileCatalog {
  get(id: string): Promise<FileRow | undefined>;
  /**
   * What retrieval needs of a row's file and no version of it can tell. How many bytes it has is for each version to
   * say: zeros at the end are what a segment is filled with. It may be remembered, so its data key is never with it
   * either.
   */
  manifest(id: string): Promise<Omit<CessFile, "size"> | undefined>;
  /** Rows of all owners with this FID, oldest first. */
  withFid(fid: Fid): Promise<readonly FileRow[]>;
  markSigned(id: string, signed: { readonly nonce: number; readonly untilBlock: number } | undefined): Promise<void>;
  /** encoded → declared → placed, reports included. Never backwards except to `encoded` (the deal vanished). */
  advance(id: string, state: "encoded" | "declared" | "placed", reports: number): Promise<void>;
  /**
   * The chain (finalized) lists this owner: releases staging and the file's data key, removes the `store` job; adds a
   * `delete` job if nothing needs the file.
   */
  stored(id: string): Promise<Released>;
  /** The network refused for good. Bytes stay. Removes the `store` job. */
  failed(id: string, failure: string): Promise<void>;
  /** failed → encoded with a `store` job, for another try. */
  retry(id: string): Promise<void>;
  /** stored → deleting if nothing references it; false when something does again (then its `delete` job is removed). */
  beginDelete(id: string): Promise<boolean>;
  /**
   * The chain no longer lists this owner: the row goes, or, when something references it again, becomes `encoded` with
   * a `store` job.
   */
  deleted(id: string): Promise<void>;
  /**
   * An encoded or failed file nothing references, that was never declared: the row goes with its blobs. False when it
   * is needed.
   */
  discard(id: string): Promise<Released & { readonly discarded: boolean }>;
  /** Fragment index → storage node, as chosen by placement. */
  placements(id: string): Promise<readonly Placement[]>;
  savePlacements(id: string, placements: readonly Placement[]): Promise<void>;
  countByState(): Promise<Readonly<Record<FileState, number>>>;
}

export interface Placement {
  /** 0…11 */
  readonly index: number;
  readonly node: string;
  /** `sent`: the node has taken every fragment of this index. */
  readonly state: "assigned" | "sent" | "reported";
  /** When it became `sent`. */
  readonly since: number;
}

export type JobKind = "encode" | "store" | "delete";

export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  /** A version's id (encode) or a file row's id (store, delete). */
  readonly subject: string;
  readonly attempt: number;
  readonly format?: SegmentFormat;
}

export interface JobCatalog {
  /**
   * Takes up to `limit` due jobs of these kinds, oldest first, for `leaseMs`: no other process gets them until then.
   */
  lease(kinds: readonly JobKind[], limit: number, leaseMs: number): Promise<readonly Job[]>;
  /** Keeps a lease. */
  extend(id: string, leaseMs: number): Promise<void>;
  /** Gives the job back, due at `at`. `failed` counts an attempt; its text is kept until a step goes well. */
  release(id: string, at: number, failed?: string): Promise<void>;
  finish(id: string): Promise<void>;
  /** Makes the jobs of these files due now (an event on chain concerns them). Returns how many. */
  wakeFid(fid: Fid): Promise<number>;
  wakeAll(kind: JobKind): Promise<number>;
  /**
   * When the next one (of these kinds) is due; undefined when there are none. Leased ones count at their lease's end.
   */
  nextDue(kinds?: readonly JobKind[]): Promise<number | undefined>;
  /** Leases that earlier processes of this gateway left are void (called once at start, single-gateway only). */
  releaseAll(): Promise<void>;
  count(): Promise<Readonly<Record<JobKind, number>>>;
}

/** Ids of the keys that wrapped something here; each is recorded before the first row that needs it. */
export interface KeyUseCatalog {
  all(): Promise<readonly string[]>;
  record(keyId: string): Promise<void>;
}

import type { Acl } from "../../model/acl.js";
import type { Checksum } from "../../model/checksum.js";
import type { Encryption } from "../../model/encryption.js";
import type { CessFile, Extent, SegmentFormat } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { OutboxEvent } from "../../model/notification.js";
import type { ObjectLock } from "../../model/object-lock.js";
import type { BlobSlice, ContentHeaders, ObjectPart, ObjectVersion } from "../../model/object.js";
import type { Tag } from "../../model/tag.js";
import type { Released } from "./released.js";

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
   * Only files charged to the same owner and territory. While one of them is not stored, `blobs` must be the staged
   * bytes of the whole. `put` rejects with DomainError `copySourceDeleted` when a file, or bytes it needs, went since
   * the source was read: read the source again.
   */
  readonly extents?: readonly Extent[];
  /** The blobs are another version's: DomainError `copySourceDeleted` when they were let go since they were read. */
  readonly copied?: boolean;
}

export interface Written extends Released {
  readonly version: ObjectVersion;
}

/** A file for `attach` or `complete`, with the slices of staged bytes its content is. */
export interface NewFile extends CessFile {
  readonly territory: string;
  readonly blobs: readonly BlobSlice[];
}

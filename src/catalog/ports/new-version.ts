import type { Acl } from "../../model/acl.js";
import type { Checksum } from "../../model/checksum.js";
import type { Encryption } from "../../model/encryption.js";
import type { CessFile, Extent, SegmentFormat } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { Layout } from "../../model/layout.js";
import type { OutboxEvent } from "../../model/notification.js";
import type { AccountQuota } from "../../model/quota.js";
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
  /**
   * The root over all segments: of a copy of several files, or of a staged version whose ETag has it. The latter's files
   * must then have it (`attach`).
   */
  readonly fid?: Fid;
  readonly encryption?: Encryption;
  /** The format for encoding later; plain by default. */
  readonly format?: SegmentFormat;
  /** Staged bytes wait for a pack, or become a file of their own (the default). */
  readonly layout?: Layout;
  /** Added to the outbox in the same transaction. */
  readonly outboxEvent?: OutboxEvent | undefined;
  /** The quota of the bucket owner's account; the bucket's own is in the catalog. */
  readonly accountQuota?: AccountQuota | undefined;
  /**
   * Called with the owner's `undeclaredBytes`, of which this version is then a part; what it throws ends the transaction.
   * Only where others admit at the same time and room is short: to sum up is slow.
   */
  readonly requireRoom?: ((undeclaredBytes: number) => void) | undefined;
}

/** Where a new version's bytes are: staged, or (for a copy) in existing files. Both are empty for zero bytes. */
export interface VersionBytes {
  readonly blobs: readonly BlobSlice[];
  /**
   * Only of files that are charged to the same owner and territory. While one of the files is not stored, `blobs` must
   * be the staged bytes of the whole version. `put` rejects with DomainError `copySourceDeleted` when a file, or bytes
   * it needs, were removed since the source was read: read the source again.
   */
  readonly extents?: readonly Extent[];
  /**
   * The blobs are another version's. `put` rejects with DomainError `copySourceDeleted` when they were unlinked since
   * they were read.
   */
  readonly copied?: boolean;
}

export interface Written extends Released {
  readonly version: ObjectVersion;
}

/** A file for `attach`, with the staged bytes of its content. */
export interface NewFile extends CessFile {
  readonly territory: string;
  readonly blobs: readonly BlobSlice[];
}

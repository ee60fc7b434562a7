import type { Acl } from "../../model/acl.js";
import type { Extent } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { OutboxEvent } from "../../model/notification.js";
import type { Retention } from "../../model/object-lock.js";
import type { BlobSlice, ObjectVersion } from "../../model/object.js";
import type { Preconditions } from "../../model/precondition.js";
import type { Tag } from "../../model/tag.js";
import type { NewFile, NewVersion, VersionBytes, Written } from "./new-version.js";
import type { ObjectPage, ObjectQuery, VersionPage, VersionQuery } from "./object-listing.js";
import type { Released } from "./released.js";

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

export interface ObjectCatalog {
  /**
   * The current version, or a certain one. Undefined also where the bucket is missing. A delete marker is returned as
   * such.
   */
  get(bucket: string, key: string, versionId?: string): Promise<ObjectVersion | undefined>;
  /**
   * Makes a version visible. In one transaction: DomainError `noBucket`; the write preconditions against the current
   * version (`preconditionFailed`, `noObject`); while versioning is enabled the version gets an id of its own, else the old null
   * version goes and a file it alone needed gets a `delete` job; a version with staged blobs and no extents gets an
   * `encode` job.
   */
  put(version: NewVersion, bytes: VersionBytes, preconditions?: Preconditions): Promise<Written>;
  /**
   * Removes the version that is named; without a name the object: its null version goes (not while versioning is
   * enabled), and a bucket that has versioning gets a delete marker. DomainError `noBucket`; the write preconditions against the
   * version named, or the current one; `objectLocked` where a lock protects it.
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
  /** False: the version is gone. DomainError `objectLocked` where the retention in force may not be changed so. */
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

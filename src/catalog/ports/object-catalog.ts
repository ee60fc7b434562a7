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
  /** Deletes nothing unless the version concerned is still this one (ObjectVersion.id). */
  readonly onlyId?: string;
  /** Account.id of the delete marker's owner; the bucket's owner by default. */
  readonly owner?: string;
  /** Bypasses a retention of mode GOVERNANCE. */
  readonly bypassGovernance?: boolean;
  /** Added to the outbox if a version was removed or a delete marker was set. */
  readonly outboxEvent?: OutboxEvent | undefined;
}

export interface Deleted extends Released {
  /** False: there was nothing to remove and no marker to set. S3 reports success for that, too. */
  readonly deleted: boolean;
  /** The named version that was removed, or the delete marker that was set. */
  readonly versionId?: string;
  /** A delete marker was set, or the named version that was removed was one. */
  readonly deleteMarker: boolean;
}

export interface ObjectCatalog {
  /**
   * The current version, or a named one. Undefined also when the bucket is missing. Delete markers are returned, too.
   */
  get(bucket: string, key: string, versionId?: string): Promise<ObjectVersion | undefined>;
  /**
   * Makes a version visible. In one transaction: checks that the bucket exists (DomainError `noBucket`) and the
   * preconditions against the current version (`preconditionFailed`, `noObject`). While versioning is enabled the
   * version gets an id of its own; else it replaces the null version, and a file that only that one needed gets a
   * `delete` job. A version with staged blobs and no extents gets an `encode` job.
   */
  put(version: NewVersion, bytes: VersionBytes, preconditions?: Preconditions): Promise<Written>;
  /**
   * With a version id: removes that version. Without: removes the null version (unless versioning is enabled) and, if
   * the bucket has versioning, sets a delete marker. Rejects with DomainError `noBucket`; `preconditionFailed` or
   * `noObject` for the version named, or else the current one; `objectLocked` where a lock protects it.
   */
  delete(bucket: string, key: string, preconditions?: Preconditions, request?: DeleteRequest): Promise<Deleted>;
  list(query: ObjectQuery): Promise<ObjectPage>;
  listVersions(query: VersionQuery): Promise<VersionPage>;
  /** `acl` undefined: only the bucket's owner has access again. False: the version does not exist. */
  setAcl(id: string, acl: Acl | undefined): Promise<boolean>;
  /** False: the version is gone. */
  setStorageClass(id: string, storageClass: string): Promise<boolean>;
  /** False: the version is gone. */
  setTags(id: string, tags: readonly Tag[]): Promise<boolean>;
  /**
   * False: the version does not exist. Rejects with DomainError `objectLocked` where the retention in force forbids the
   * change.
   */
  setRetention(id: string, retention: Retention | undefined, bypassGovernance: boolean): Promise<boolean>;
  /** False: the version is gone. */
  setLegalHold(id: string, legalHold: "ON" | "OFF"): Promise<boolean>;
  byId(id: string): Promise<ObjectVersion | undefined>;
  /** Staged bytes of a version, in order; empty when they were released or it has none. */
  blobs(id: string): Promise<readonly BlobSlice[]>;
  /** The version's extents with the rows of the files they lie in. */
  extents(id: string): Promise<readonly Extent[]>;
  /**
   * Preprocessing is done: links the version to its files and removes the `encode` job. The owner's missing file rows
   * are created; each new, failed or deleting one gets a `store` job. If all files are stored already, the staged bytes
   * are released. Does nothing if the version was deleted meanwhile. `fid`: the root over all segments, for several
   * files. Rejects with Error if it is not the FID that the version was written with.
   */
  attach(id: string, files: readonly NewFile[], fid?: Fid): Promise<Released>;
  /**
   * Bytes of content of this account (Account.id) that the chain does not count yet, because they are staged or not yet
   * declared: whole segments of files, and the bytes of objects that wait for a pack.
   */
  undeclaredBytes(owner: string): Promise<number>;
}

import type { Checksum } from "../../model/checksum.js";
import type { Part, Upload } from "../../model/object.js";
import type { AccountQuota } from "../../model/quota.js";
import type { Preconditions } from "../../model/precondition.js";
import type { NewVersion, Written } from "./new-version.js";
import type { ListedPrefix } from "./object-listing.js";
import type { Released } from "./released.js";

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

export interface UploadResult {
  readonly etag: string;
  readonly versionId: string;
  readonly checksum?: Checksum;
  /** As of Durability. */
  readonly chargedBytes?: number;
  /** ETags of the parts it was completed with, in order. */
  readonly partEtags: readonly string[];
}

export interface UploadCatalog {
  /** Rejects with DomainError `noBucket`. */
  create(upload: Omit<Upload, "createdAt" | "state">): Promise<Upload>;
  /** Includes completed and aborted uploads until they are forgotten. Undefined if bucket or key differ. */
  get(bucket: string, key: string, id: string): Promise<Upload | undefined>;
  /**
   * Adds or replaces a part. Rejects with DomainError `noUpload` unless the upload is open, and `quotaExceeded` when the
   * bucket's quota or `accountQuota`, that of its owner's account, leaves no room.
   */
  putPart(
    id: string,
    part: Omit<Part, "createdAt">,
    accountQuota?: AccountQuota,
  ): Promise<Released & { readonly part: Part }>;
  /** Parts with numbers above `after`, in order. */
  parts(id: string, after?: number, limit?: number): Promise<Part[]>;
  /** Bytes of all parts. */
  size(id: string): Promise<number>;
  list(query: UploadQuery): Promise<UploadPage>;
  /** Does nothing if the upload is aborted already. Rejects with DomainError `noUpload` unless it is open. */
  abort(id: string): Promise<Released>;
  /**
   * In one transaction: checks that the upload is open and that the listed parts are unchanged (DomainError `noUpload`,
   * `partReplaced`), and the preconditions; makes the version visible with the parts as its staged bytes, and adds its
   * `encode` job, which gets the upload's format and what was prepared of the upload; releases unlisted parts; keeps the
   * upload as completed, with its result. `version.format` is not used.
   */
  complete(id: string, version: NewVersion, parts: readonly Part[], preconditions?: Preconditions): Promise<Written>;
  /** The result of the Complete that succeeded, to answer a repeated request. */
  result(id: string): Promise<UploadResult | undefined>;
  /** Forgets completed and aborted uploads that ended before this, at most 1000 at a time. Returns how many. */
  forget(before: number): Promise<number>;
}

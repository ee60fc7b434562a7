import type { Checksum } from "../../model/checksum.js";
import type { Part, Upload } from "../../model/object.js";
import type { Preconditions } from "../../model/precondition.js";
import type { NewFile, NewVersion, Written } from "./new-version.js";
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
  /** Of the parts that it was completed with, in their order. */
  readonly partEtags: readonly string[];
}

export interface UploadCatalog {
  /** DomainError `noBucket`. */
  create(upload: Omit<Upload, "createdAt" | "state">): Promise<Upload>;
  /** Also completed and aborted ones while they are remembered. Undefined where bucket or key differ. */
  get(bucket: string, key: string, id: string): Promise<Upload | undefined>;
  /** Puts or replaces a part; DomainError `noUpload` unless open. */
  putPart(id: string, part: Omit<Part, "createdAt">): Promise<Released & { readonly part: Part }>;
  /** By part number, those above `after`. */
  parts(id: string, after?: number, limit?: number): Promise<Part[]>;
  /** Bytes of all its parts together. */
  size(id: string): Promise<number>;
  list(query: UploadQuery): Promise<UploadPage>;
  /** DomainError `noUpload` unless open (or already aborted: then nothing). */
  abort(id: string): Promise<Released>;
  /**
   * In one transaction: the upload must be open and its listed parts still those (blob ids), else DomainError `noUpload`
   * or `partReplaced`; write preconditions; the version appears with its files (rules of `attach`); unlisted parts are let
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
  result(id: string): Promise<UploadResult | undefined>;
  /** Forgets completed and aborted uploads that ended before this, at most 1000 at a time. Returns how many. */
  forget(before: number): Promise<number>;
}

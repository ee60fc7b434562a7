import type { ChecksumAlgorithm, ChecksumType } from "../../model/checksum.js";
import type { ObjectVersion } from "../../model/object.js";
import type { Tag } from "../../model/tag.js";

export interface ListedPrefix {
  readonly kind: "prefix";
  readonly prefix: string;
}

/** The members of a version that a listing shows. */
export type ListedVersion = Pick<ObjectVersion, "key" | "size" | "etag" | "owner" | "createdAt"> & {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  readonly storageClass?: string;
};

export interface ListedKey {
  readonly kind: "key";
  readonly version: ListedVersion;
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

/** The members of a version that a listing of versions shows. */
export type VersionEntry = ListedVersion &
  Pick<ObjectVersion, "id" | "versionId" | "isLatest" | "deleteMarker"> & {
    readonly tags?: readonly Tag[];
  };

export interface VersionPage {
  /** By key, newest version first, common prefixes among them. */
  readonly entries: readonly ({ readonly kind: "version"; readonly version: VersionEntry } | ListedPrefix)[];
  readonly truncated: boolean;
}

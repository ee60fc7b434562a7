import { fileBlobId, isBlobId, placeInPack, placeOf } from "../blob-id.js";
import type { BlobId } from "../../model/object.js";
import { listBytes, PIECE_BYTES } from "../../streams/piece-checksums.js";
import { PART_BYTES } from "./s3-store.js";

/** Keys below the prefix, by what is there. */
export const FOLDERS = {
  /** Large blobs, each followed by the list of its checksums. */
  files: "files/",
  /** Small blobs of one moment each. */
  packs: "packs/",
  /** `<pack>/<process>`: what was removed from packs. */
  removed: "removed/",
  holds: "holds/",
  /** Names of what is set aside, which stays where it is. */
  quarantine: "quarantine/",
};

/**
 * Of a large blob. The id of one that is sent in parts is known only when the key is given already: then the key is the
 * random name in it.
 */
export function fileKey(id: BlobId): string {
  const { length = 0 } = placeOf(id);
  return FOLDERS.files + (isInParts(length) ? nameIn(id) : id);
}

export function packKey(pack: string): string {
  return FOLDERS.packs + pack;
}

/** Of the object that a blob is in. */
export function objectKey(id: BlobId): string {
  const pack = placeInPack(id)?.pack;
  return pack === undefined ? fileKey(id) : packKey(pack);
}

/** Whether a blob of so many bytes is sent in parts. */
export function isInParts(length: number): boolean {
  return length > PART_BYTES;
}

/** The id of a large blob; `inParts`: its bytes must be looked at for that. */
export function idOfFile(
  key: string,
  size: number,
): { readonly id: BlobId } | { readonly inParts: string } | undefined {
  const name = key.slice(FOLDERS.files.length);
  if (isBlobId(name) && placeOf(name).checksummed) return { id: name };
  return /^[0-9a-f]{32}$/.test(name) && size > PART_BYTES ? { inParts: name } : undefined;
}

/** The id of a large blob that was sent in parts, by the checksum of its list. */
export function idInParts(name: string, length: number, checksum: number): BlobId {
  return fileBlobId(name, { length, checksum });
}

/** Bytes of a blob which takes so many together with the list behind it. */
export function lengthWithin(size: number): number {
  // Each piece takes four bytes more, and the last one may be short.
  const pieces = Math.ceil(size / (PIECE_BYTES + 4));
  const length = size - 4 * pieces;
  return length + listBytes(length) === size ? length : size - 4 * (pieces + 1);
}

export function nameIn(id: BlobId): string {
  return id.slice(0, 32);
}

import { randomUUID } from "node:crypto";
import type { BlobId } from "../model/object.js";
import type { Checksummed } from "../streams/piece-checksums.js";

/** Where a blob lies. */
export interface BlobPlace {
  /** The pack of a small blob; undefined: a file of its own. */
  readonly pack: string | undefined;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** Undefined for a file of its own that has no checksums. */
  readonly length: number | undefined;
  /** Undefined for a blob that was written before there were checksums. */
  readonly checksummed: Checksummed | undefined;
}

/** Where a small blob lies: `length` bytes from byte `offset` of a pack. */
export interface PackedPlace {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

const ID = /^[0-9a-f]{32}(-[0-9a-f]{32}-\d{1,9}-\d{1,9}|(-[0-9a-f]{32}-\d{1,9})?-\d{1,15}-[0-9a-f]{8})?$/;

/** 122 random bits in 32 hex digits, which Node makes in bulk: nobody guesses one, and no two are the same. */
export function newBlobName(): string {
  return randomUUID().replaceAll("-", "");
}

/**
 * The name of a blob that a pack holds from this byte on. It begins as the pack's own name does, and grows with the offset:
 * an index of names then gets those of one moment side by side, not each on a page of its own.
 */
export function packedBlobName(pack: string, offset: number): string {
  return pack.slice(0, 16) + offset.toString(16).padStart(8, "0") + newBlobName().slice(0, 8);
}

/** The id of a blob that is a file of its own. It contains what its bytes are checked against. `name`: 32 hex digits. */
export function fileBlobId(name: string, { length, checksum }: Checksummed): BlobId {
  return `${name}-${length}-${hexOf(checksum)}` as BlobId;
}

/** The id of a small blob contains its place, too, so no index is needed. `checksum` undefined: one without. */
export function packedBlobId(
  name: string,
  { pack, offset, length }: PackedPlace,
  checksum: number | undefined,
): BlobId {
  const place = `${name}-${pack}-${offset}-${length}`;
  return (checksum === undefined ? place : `${place}-${hexOf(checksum)}`) as BlobId;
}

export function isBlobId(name: string): name is BlobId {
  return ID.test(name);
}

/** Throws Error for text that is no blob's id. */
export function placeOf(id: BlobId): BlobPlace {
  if (!isBlobId(id)) throw new Error(`no blob id: ${String(id).slice(0, 80)}`);
  const parts = id.split("-").slice(1);
  // Only ids in packs have more than two, the first of which names the pack.
  const pack = parts.length > 2 ? parts[0] : undefined;
  const [offset, length, checksum] = pack === undefined ? ["0", ...parts] : parts.slice(1);
  return {
    pack,
    offset: Number(offset),
    length: length === undefined ? undefined : Number(length),
    checksummed:
      length === undefined || checksum === undefined
        ? undefined
        : { length: Number(length), checksum: Number.parseInt(checksum, 16) },
  };
}

/** Undefined for a blob that is a file of its own. */
export function placeInPack(id: BlobId): PackedPlace | undefined {
  const { pack, offset, length } = placeOf(id);
  return pack === undefined || length === undefined ? undefined : { pack, offset, length };
}

/** What the ids of a pack's blobs contain, and no others. */
export function inPack(pack: string): string {
  return `-${pack}-`;
}

function hexOf(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}

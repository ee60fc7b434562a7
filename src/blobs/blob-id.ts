import { randomBytes } from "node:crypto";
import type { BlobId } from "../model/object.js";

/** Where a small blob lies: `length` bytes from byte `offset` of a pack. */
export interface PackedPlace {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

/** 128 random bits in hex: nobody guesses one, and no two are the same. */
export function newBlobId(): BlobId {
  return randomBytes(16).toString("hex") as BlobId;
}

/** The id of a small blob contains its place, so no index is needed. `random`: 128 bits in hex. */
export function packedBlobId(random: string, { pack, offset, length }: PackedPlace): BlobId {
  return `${random}-${pack}-${offset}-${length}` as BlobId;
}

export function isBlobId(name: string): name is BlobId {
  return /^[0-9a-f]{32}(-[0-9a-f]{32}-\d{1,9}-\d{1,9})?$/.test(name);
}

/** Undefined for a blob that is a file of its own. */
export function placeInPack(id: BlobId): PackedPlace | undefined {
  const [, pack, offset, length] = id.split("-");
  return pack === undefined ? undefined : { pack, offset: Number(offset), length: Number(length) };
}

import { randomBytes } from "node:crypto";
import type { BlobId } from "../model/object.js";

/** 128 random bits in hex: nobody guesses one, and no two are the same. */
export function newBlobId(): BlobId {
  return randomBytes(16).toString("hex") as BlobId;
}

export function isBlobId(name: string): name is BlobId {
  return /^[0-9a-f]{32}$/.test(name);
}

import { createHash } from "node:crypto";
import type { Hash } from "../model/hash.js";
import type { WantedFragment } from "./encoder.js";

export function indexesOf(wanted: readonly WantedFragment[]): number[] {
  return wanted.map(({ index }) => index);
}

/** What was made, in the order of what is wanted; undefined where it has another hash. */
export function verified(made: readonly Uint8Array[], wanted: readonly WantedFragment[]): (Uint8Array | undefined)[] {
  return made.map((bytes, i) => (hasHash(bytes, wanted[i]?.hash) ? bytes : undefined));
}

export function hasHash(bytes: Uint8Array, hash: Hash | undefined): boolean {
  return createHash("sha256").update(bytes).digest("hex") === hash;
}

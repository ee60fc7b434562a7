import { FRAGMENT_SIZE, PACK_HEADER_BYTES, SEGMENT_SIZE } from "../model/sizes.js";
import { UNDIVIDED_BYTES } from "./pack-writer.js";

export interface PackEstimate {
  readonly packs: number;
  /** Of a full pack, and of the last one, which may be the only one. */
  readonly segmentsOfFull: number;
  readonly segmentsOfLast: number;
}

/**
 * The packs that `count` objects with `stored` bytes each make, when they come quickly enough to fill them. `maxObjects`: of
 * one pack.
 */
export function estimatePacks(
  count: number,
  stored: number,
  { segments, maxObjects }: { readonly segments: number; readonly maxObjects: number },
): PackEstimate {
  const perPack = Math.max(1, Math.min(maxObjects, objectsWithin(segments * SEGMENT_SIZE, stored)));
  const packs = Math.ceil(count / perPack);
  const full = segmentsOf(perPack, stored);
  return { packs, segmentsOfFull: full, segmentsOfLast: segmentsOf(count - (packs - 1) * perPack, stored) };
}

/** How many objects fit into so many bytes of a pack. */
function objectsWithin(bytes: number, stored: number): number {
  if (stored > UNDIVIDED_BYTES) return Math.floor((bytes - PACK_HEADER_BYTES) / stored);
  const { first, other } = perFragment(stored);
  return first + (bytes / FRAGMENT_SIZE - 1) * other;
}

function segmentsOf(objects: number, stored: number): number {
  return Math.ceil(bytesOf(objects, stored) / SEGMENT_SIZE);
}

/** Bytes of a pack with so many objects: what would cross from one fragment into the next begins there. */
function bytesOf(objects: number, stored: number): number {
  const { first, other } = perFragment(stored);
  if (stored > UNDIVIDED_BYTES || objects <= first) return PACK_HEADER_BYTES + objects * stored;
  const behind = objects - first;
  const whole = Math.ceil(behind / other);
  return whole * FRAGMENT_SIZE + (behind - (whole - 1) * other) * stored;
}

function perFragment(stored: number): { readonly first: number; readonly other: number } {
  return {
    first: Math.floor((FRAGMENT_SIZE - PACK_HEADER_BYTES) / stored),
    other: Math.floor(FRAGMENT_SIZE / stored),
  };
}

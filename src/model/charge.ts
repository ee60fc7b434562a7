import { CHARGED_PER_SEGMENT, SEGMENT_SIZE } from "./sizes.js";

/** Where an object's bytes are, or will be, as far as its charge depends on it. Of a file of its own, or several, or a pack. */
export interface ChargedPlace {
  /** Started segments of its files; of its pack, where it is packed. */
  readonly segments: number;
  /** Its stored bytes in the pack, and all those in it that an object needs. */
  readonly packed?: { readonly stored: number; readonly live: number };
}

/**
 * Bytes of the territory that an object is charged: 96 MiB for each started segment of its own files, or, of what its pack
 * is charged, the share that its stored bytes have of all live bytes in the pack. The shares of a pack's objects add up to
 * what the pack is charged, but for rounding up; copies that share bytes each show the whole share.
 */
export function objectCharge({ segments, packed }: ChargedPlace): number {
  const whole = segments * CHARGED_PER_SEGMENT;
  return packed === undefined ? whole : Math.ceil(whole * (packed.stored / Math.max(packed.live, packed.stored)));
}

/** Of an object of `size` bytes that waits for its pack, in bytes: its share of a full pack, three times its size. */
export function expectedCharge(size: number): number {
  return objectCharge({ segments: 1, packed: { stored: size, live: SEGMENT_SIZE } });
}

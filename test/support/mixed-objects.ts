import { createCipheriv, createHash } from "node:crypto";
import { KIB, MIB } from "../../src/model/sizes.js";

/** Sizes of objects as in mixed use: 80 % below 64 KiB, 15 % up to 8 MiB, 5 % up to 40 MiB. `random`: numbers in [0, 1). */
export function mixedSize(random: () => number): number {
  const kind = random();
  // Small sizes are as likely as larger ones in each range of sizes, as in real buckets.
  const between = (from: number, to: number) => Math.floor(from * (to / from) ** random());
  if (kind < 0.8) return between(100, 64 * KIB);
  if (kind < 0.95) return between(64 * KIB, 8 * MIB);
  return between(8 * MIB, 40 * MIB);
}

/** The bytes of content `seed`: the same each time, and different from those of every other seed. */
export function contentOf(seed: number, size: number): Buffer {
  const key = createHash("sha256").update(`content ${seed}`).digest().subarray(0, 16);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

import { createHash } from "node:crypto";
import type { SegmentHashes } from "../model/file.js";
import type { Fid, Hash } from "../model/hash.js";

/**
 * The FID of a file: the pairwise SHA-256 Merkle root over its raw segment hashes, in order. The odd one at the end of
 * a level is paired with itself, and so is the hash of a file of one segment. An object above 31.25 GiB is several
 * files; the same formula over all their segments gives its ETag. Throws RangeError without segments.
 */
export function fidOf(segments: readonly Hash[]): Fid {
  if (segments.length === 0) throw new RangeError("a file without segments has no FID");
  let level: Buffer[] = segments.map((hash) => Buffer.from(hash, "hex"));
  do {
    const above: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] ?? Buffer.alloc(0);
      above.push(
        createHash("sha256")
          .update(left)
          .update(level[i + 1] ?? left)
          .digest(),
      );
    }
    level = above;
  } while (level.length > 1);
  return (level[0] ?? Buffer.alloc(0)).toString("hex") as Fid;
}

/**
 * Whether a file of these segments may have this FID. CD2N's retriever makes another one than the other gateways: SHA-256
 * over the raw segment hashes, one after another. For two segments they are the same.
 */
export function isFidOf(fid: Fid, segments: readonly Hash[]): boolean {
  return segments.length > 0 && (fidOf(segments) === fid || concatenatedFid(segments) === fid);
}

function concatenatedFid(segments: readonly Hash[]): string {
  const hash = createHash("sha256");
  for (const segment of segments) hash.update(Buffer.from(segment, "hex"));
  return hash.digest("hex");
}

/** The root over all segments of several files, in order: the identity of an object that is stored as several. */
export function fidOfRoot(files: readonly (readonly SegmentHashes[])[]): Fid {
  return fidOf(files.flat().map((segment) => segment.hash));
}

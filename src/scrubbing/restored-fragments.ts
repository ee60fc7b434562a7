import { BlobMissing, type Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import { slicesWithin } from "../model/byte-slices.js";
import type { Fid } from "../model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE } from "../model/sizes.js";
import type { StagedFragments } from "../retrieval/staged-fragments.js";

/** The fragments of files under repair, from the staged bytes that were restored for it. */
export class RestoredFragments implements StagedFragments {
  constructor(
    private readonly components: {
      readonly catalog: Pick<Catalog, "checks">;
      readonly blobs: Pick<Blobs, "read" | "pin">;
    },
  ) {}

  async fragment(fid: Fid, segment: number, fragment: number): Promise<Uint8Array | undefined> {
    const { catalog, blobs } = this.components;
    const staged = await catalog.checks.restoredBytes(fid);
    if (staged.length === 0) return undefined;
    const start = (segment * DATA_FRAGMENTS + fragment) * FRAGMENT_SIZE;
    const slices = slicesWithin(staged, { start, end: start + FRAGMENT_SIZE });
    const unpin = blobs.pin(slices.map(({ blob }) => blob));
    // What lies behind the last byte are zeros.
    const bytes = new Uint8Array(FRAGMENT_SIZE);
    let at = 0;
    try {
      for (const { blob, offset, length } of slices) {
        for await (const chunk of blobs.read(blob, { start: offset, end: offset + length })) {
          bytes.set(chunk, at);
          at += chunk.length;
        }
      }
      return bytes;
    } catch (error) {
      // The file is stored again, and its staged bytes are gone.
      if (error instanceof BlobMissing) return undefined;
      throw error;
    } finally {
      unpin();
    }
  }
}

import { LRUCache } from "lru-cache";
import type { ByteRange } from "../model/byte-range.js";
import type { BlobId } from "../model/object.js";
import { placeOf } from "./blob-id.js";

/** What an entry takes beside its bytes, about. */
const ENTRY_BYTES = 256;

/**
 * Small blobs that this process wrote last, in the memory that they were written from: most objects are read, or go into a
 * pack, soon after they came, and to ask the disk for 4 KiB costs as much as the rest of such a request. What was written
 * together goes together, the oldest first.
 */
export class BlobCache {
  private readonly blobs = new Map<BlobId, Uint8Array>();
  /** The ids that came together, by themselves: nobody asks for them, so the oldest goes first. */
  private readonly groups: LRUCache<readonly BlobId[], readonly BlobId[]>;

  /** Holds at most `limit` bytes, with what it needs to find them; with 0 nothing. */
  constructor(private readonly limit: number) {
    this.groups = new LRUCache({
      maxSize: Math.max(1, limit),
      dispose: (ids) => {
        for (const id of ids) this.blobs.delete(id);
      },
    });
  }

  /** `memory`: what was written as one, from byte `begin` of the blobs' pack. It must not change any more. */
  add(ids: readonly BlobId[], memory: Uint8Array, begin: number): void {
    const bytes = memory.length + ids.length * ENTRY_BYTES;
    if (bytes > this.limit) return;
    for (const id of ids) {
      const { offset, length } = placeOf(id);
      this.blobs.set(id, memory.subarray(offset - begin, offset - begin + (length ?? 0)));
    }
    this.groups.set(ids, ids, { size: bytes });
  }

  /** The blob's bytes, or those of a range within it; undefined where it is not here. */
  read(id: BlobId, range?: ByteRange): Uint8Array | undefined {
    const bytes = this.blobs.get(id);
    return range ? bytes?.subarray(range.start, range.end) : bytes;
  }

  delete(id: BlobId): void {
    this.blobs.delete(id);
  }
}

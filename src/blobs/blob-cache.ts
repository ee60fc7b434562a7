import type { ByteRange } from "../model/byte-range.js";
import type { BlobId } from "../model/object.js";
import { placeOf } from "./blob-id.js";

/** What an entry takes beside its bytes, about. */
const ENTRY_BYTES = 256;

interface Group {
  readonly ids: readonly BlobId[];
  readonly bytes: number;
  /** The one that was added after it. */
  next?: Group | undefined;
}

/**
 * Small blobs that this process wrote last, in the memory that they were written from: most objects are read, or go into a
 * pack, soon after they came, and to ask the disk for 4 KiB costs as much as the rest of such a request. What was written
 * together goes together, the oldest first.
 */
export class BlobCache {
  /** A list, for an array of tens of thousands of groups is moved whenever its first leaves. */
  private oldest: Group | undefined;
  private newest: Group | undefined;
  private readonly blobs = new Map<BlobId, Uint8Array>();
  private bytes = 0;

  /** Holds at most `limit` bytes, with what it needs to find them; with 0 nothing. */
  constructor(private readonly limit: number) {}

  /** `memory`: what was written as one, from byte `begin` of the blobs' pack. It must not change any more. */
  add(ids: readonly BlobId[], memory: Uint8Array, begin: number): void {
    const bytes = memory.length + ids.length * ENTRY_BYTES;
    if (bytes > this.limit) return;
    for (const id of ids) {
      const { offset, length } = placeOf(id);
      this.blobs.set(id, memory.subarray(offset - begin, offset - begin + (length ?? 0)));
    }
    const group: Group = { ids, bytes };
    if (this.newest) this.newest.next = group;
    else this.oldest = group;
    this.newest = group;
    this.bytes += bytes;
    while (this.bytes > this.limit) this.dropOldest();
  }

  /** The blob's bytes, or those of a range within it; undefined where it is not here. */
  read(id: BlobId, range?: ByteRange): Uint8Array | undefined {
    const bytes = this.blobs.get(id);
    return range ? bytes?.subarray(range.start, range.end) : bytes;
  }

  delete(id: BlobId): void {
    this.blobs.delete(id);
  }

  private dropOldest(): void {
    const group = this.oldest;
    if (!group) return;
    this.oldest = group.next;
    if (!this.oldest) this.newest = undefined;
    // Not until the collector comes by may it hold those behind it.
    group.next = undefined;
    for (const id of group.ids) this.blobs.delete(id);
    this.bytes -= group.bytes;
  }
}

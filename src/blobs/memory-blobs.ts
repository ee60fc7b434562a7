import type { ByteRange } from "../model/byte-range.js";
import { stagedBytesDamaged } from "../model/damage.js";
import { DomainError } from "../model/errors.js";
import type { BlobId } from "../model/object.js";
import { GIB } from "../model/sizes.js";
import { ByteStream } from "../streams/byte-stream.js";
import { ExpectedPieces, PIECE_BYTES, PieceChecksummer } from "../streams/piece-checksums.js";
import { fileBlobId, newBlobName, placeOf } from "./blob-id.js";
import { BlobMissing, type Blobs, type StoredBlob, type WriteOptions } from "./blobs.js";
import { BlobPins } from "./blob-pins.js";
import type { Quarantine } from "./quarantine.js";
import { RemovalHolds } from "./removal-holds.js";

export const MEMORY_BLOBS_DEFAULTS = {
  /** Bytes in all; more are refused as by a full disk. */
  capacity: GIB,
  /** Milliseconds since 1970. */
  now: () => Date.now(),
};

/** Blobs in memory, for tests. They have no path: `withLocal` rejects, so worker threads need FileBlobs. */
export class MemoryBlobs implements Blobs {
  private readonly blobs = new Map<BlobId, Buffer>();
  private readonly lists = new Map<BlobId, Uint8Array>();
  private readonly pins = new BlobPins();
  private readonly holds = new RemovalHolds((ids) => this.drop(ids));
  private readonly aside = new Map<BlobId, { readonly since: number; readonly bytes: Buffer }>();
  private readonly capacity: number;
  private readonly now: () => number;
  private used = 0;

  constructor(settings: Partial<typeof MEMORY_BLOBS_DEFAULTS> = {}) {
    const { capacity, now } = { ...MEMORY_BLOBS_DEFAULTS, ...settings };
    this.capacity = capacity;
    this.now = now;
  }

  async write(source: AsyncIterable<Uint8Array>, options: WriteOptions = {}): Promise<StoredBlob> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of ByteStream.over(source, options.signal)) {
      size += chunk.byteLength;
      if (this.used + size > this.capacity)
        throw new DomainError({ kind: "storageFull" }, "The gateway's staging memory is full.");
      chunks.push(Uint8Array.from(chunk));
    }
    options.signal?.throwIfAborted();
    const bytes = Buffer.concat(chunks);
    const checksummer = new PieceChecksummer();
    checksummer.update(bytes);
    const { list, ...checksummed } = checksummer.finish();
    const id = fileBlobId(newBlobName(), checksummed);
    this.pins.register(id);
    this.blobs.set(id, bytes);
    this.lists.set(id, list);
    this.used += size;
    return { id, size };
  }

  /** Nobody else sweeps this memory. */
  requireFresh(): void {
    return;
  }

  settle(ids: readonly BlobId[]): void {
    this.pins.unregister(ids);
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async *read(id: BlobId, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    const bytes = this.blobs.get(id);
    if (!bytes) throw new BlobMissing(id);
    if (range && range.end > bytes.byteLength)
      throw new Error(`blob ${id} ends at byte ${bytes.byteLength}, before ${range.end}`);
    const { start, end } = range ?? { start: 0, end: bytes.byteLength };
    if (start >= end) return;
    this.requireRight(id, bytes, { start, end });
    yield bytes.subarray(start, end);
  }

  private requireRight(id: BlobId, bytes: Uint8Array, { start, end }: ByteRange): void {
    const checksummed = placeOf(id).checksummed;
    const expected = checksummed && ExpectedPieces.of(checksummed, this.lists.get(id) ?? new Uint8Array(0));
    const first = Math.floor(start / PIECE_BYTES);
    const pieces = bytes.subarray(first * PIECE_BYTES, Math.ceil(end / PIECE_BYTES) * PIECE_BYTES);
    const wrong = expected ? expected.firstWrong(first, pieces) : 0;
    if (wrong === undefined) return;
    const offset = wrong * PIECE_BYTES;
    const length = Math.min(PIECE_BYTES, bytes.length - offset);
    const slices = [{ blob: id, offset, length }];
    throw stagedBytesDamaged({
      kind: "stagedBytesDamaged",
      path: "memory",
      slices,
      why: "other bytes than were written",
    });
  }

  /** Its reads show what they check. */
  inMemory(): undefined {
    return undefined;
  }

  isChecked(): boolean {
    return true;
  }

  withLocal(): Promise<never> {
    return Promise.reject(new Error("blobs in memory have no path"));
  }

  where(): string {
    return "memory";
  }

  sizeOf(id: BlobId): Promise<number | undefined> {
    return Promise.resolve(this.blobs.get(id)?.byteLength);
  }

  pin(ids: readonly BlobId[]): () => void {
    const unpin = this.pins.pin(ids);
    return () => this.drop(unpin());
  }

  remove(ids: readonly BlobId[]): Promise<void> {
    this.drop(this.pins.remove(ids));
    return Promise.resolve();
  }

  readonly quarantine: Quarantine = {
    add: (ids) => {
      for (const id of ids) {
        const bytes = this.blobs.get(id);
        if (!bytes || this.holds.active || !this.pins.mayBeSwept(id)) continue;
        this.aside.set(id, { since: this.now(), bytes });
        this.blobs.delete(id);
      }
      return Promise.resolve();
    },
    files: () =>
      Promise.resolve([...this.aside].map(([name, { since, bytes }]) => ({ name, since, size: bytes.length }))),
    blobs: (name) => Promise.resolve(this.aside.has(name as BlobId) ? [name as BlobId] : []),
    putBack: (name) => {
      const found = this.aside.get(name as BlobId);
      if (found) this.blobs.set(name as BlobId, found.bytes);
      this.aside.delete(name as BlobId);
      return Promise.resolve();
    },
    discard: (name) => {
      this.used -= this.aside.get(name as BlobId)?.bytes.length ?? 0;
      this.aside.delete(name as BlobId);
      return Promise.resolve();
    },
  };

  holdRemovals(): Promise<() => void> {
    return Promise.resolve(this.holds.take());
  }

  private drop(ids: readonly BlobId[]): void {
    if (this.holds.active) {
      this.holds.defer(ids);
      return;
    }
    for (const id of ids) {
      this.used -= this.blobs.get(id)?.byteLength ?? 0;
      this.blobs.delete(id);
      this.lists.delete(id);
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async *list(): AsyncIterable<StoredBlob> {
    for (const [id, bytes] of this.blobs) if (this.pins.mayBeSwept(id)) yield { id, size: bytes.byteLength };
  }

  free(): Promise<number> {
    return Promise.resolve(this.capacity - this.used);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

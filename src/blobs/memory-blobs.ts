import type { ByteRange } from "../model/byte-range.js";
import { DomainError } from "../model/errors.js";
import type { BlobId, BlobSlice } from "../model/object.js";
import { GIB } from "../model/sizes.js";
import { ByteStream } from "../streams/byte-stream.js";
import { newBlobId } from "./blob-id.js";
import { BlobMissing, type Blobs, type StoredBlob } from "./blobs.js";
import { BlobPins } from "./blob-pins.js";

export const MEMORY_BLOBS_DEFAULTS = {
  /** Bytes in all; more are refused as by a full disk. */
  capacity: GIB,
};

/** Blobs in memory, for tests. They have no path: `locate` throws, so worker threads need FileBlobs. */
export class MemoryBlobs implements Blobs {
  private readonly blobs = new Map<BlobId, Buffer>();
  private readonly pins = new BlobPins();
  private readonly capacity: number;
  private used = 0;

  constructor(settings: Partial<typeof MEMORY_BLOBS_DEFAULTS> = {}) {
    this.capacity = settings.capacity ?? MEMORY_BLOBS_DEFAULTS.capacity;
  }

  async write(source: AsyncIterable<Uint8Array>, options: { readonly signal?: AbortSignal } = {}): Promise<StoredBlob> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of ByteStream.over(source, options.signal)) {
      size += chunk.byteLength;
      if (this.used + size > this.capacity)
        throw new DomainError({ kind: "storageFull" }, "The gateway's staging memory is full.");
      chunks.push(Uint8Array.from(chunk));
    }
    options.signal?.throwIfAborted();
    const id = newBlobId();
    this.pins.register(id);
    this.blobs.set(id, Buffer.concat(chunks));
    this.used += size;
    return { id, size };
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
    const part = range ? bytes.subarray(range.start, range.end) : bytes;
    if (part.byteLength > 0) yield part;
  }

  locate({ blob }: BlobSlice): never {
    throw new Error(`blob ${blob} is in memory and has no path`);
  }

  pin(ids: readonly BlobId[]): () => void {
    const unpin = this.pins.pin(ids);
    return () => this.drop(unpin());
  }

  remove(ids: readonly BlobId[]): Promise<void> {
    this.drop(this.pins.remove(ids));
    return Promise.resolve();
  }

  private drop(ids: readonly BlobId[]): void {
    for (const id of ids) {
      this.used -= this.blobs.get(id)?.byteLength ?? 0;
      this.blobs.delete(id);
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

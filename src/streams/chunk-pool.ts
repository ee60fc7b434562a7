/**
 * Buffers between the disk and a socket, used again once the socket has taken their bytes: a new buffer for every chunk
 * costs more in page faults and garbage collection than reading and sending together. Giving a buffer back is optional:
 * one that is not given back is garbage collected.
 */
export class ChunkPool {
  private readonly free: ArrayBufferLike[] = [];
  private readonly lent = new WeakSet<ArrayBufferLike>();

  /**
   * `chunkBytes`: size of each buffer. `kept`: how many unused buffers are kept. `allocate`: makes the memory of one.
   */
  constructor(
    readonly chunkBytes: number,
    private readonly kept: number,
    private readonly allocate: (bytes: number) => ArrayBufferLike = unshared,
  ) {}

  take(): Buffer {
    const memory = this.free.pop() ?? this.allocate(this.chunkBytes);
    this.lent.add(memory);
    return Buffer.from(memory);
  }

  /** The last reader of a chunk calls it, once for all views of the buffer. Ignores chunks of other origin. */
  giveBack(chunk: Uint8Array): void {
    if (!this.lent.delete(chunk.buffer) || this.free.length >= this.kept) return;
    this.free.push(chunk.buffer);
  }

  /** Keeps none of the unused buffers. */
  clear(): void {
    this.free.splice(0);
  }
}

/** Not from Node's own pool, since only whole buffers can be used again. */
const unshared = (bytes: number) => Buffer.allocUnsafeSlow(bytes).buffer;

/** For reading files into; answers give the buffers back. 512 KiB each, at most 16 MiB unused. */
export const bodyChunks = new ChunkPool(512 * 1024, 32);
/** For documents that are about to be sent. 1 MiB each, at most 8 MiB unused. */
export const documentChunks = new ChunkPool(1024 * 1024, 8);

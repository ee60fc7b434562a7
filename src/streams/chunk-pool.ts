/**
 * Buffers for bytes on their way from the disk to a socket, used again when the socket has taken them: a fresh buffer
 * for every chunk costs more in page faults and garbage collection than the reading and the sending together. Giving
 * back is a courtesy, never a duty: a buffer that is not given back is garbage like any other.
 */
export class ChunkPool {
  private readonly free: ArrayBuffer[] = [];
  private readonly lent = new WeakSet<ArrayBufferLike>();

  /** `chunkBytes`: of every buffer. `kept`: unused buffers that are kept. */
  constructor(
    readonly chunkBytes: number,
    private readonly kept: number,
  ) {}

  take(): Buffer<ArrayBuffer> {
    // Of its own memory, never part of Node's shared pool: whole buffers are what is used again.
    const memory = this.free.pop() ?? Buffer.allocUnsafeSlow(this.chunkBytes).buffer;
    this.lent.add(memory);
    return Buffer.from(memory);
  }

  /**
   * Called by whoever read the chunk last, once for all views of its buffer; ignores chunks that are not of this pool.
   */
  giveBack(chunk: Uint8Array): void {
    if (!this.lent.delete(chunk.buffer) || this.free.length >= this.kept) return;
    this.free.push(chunk.buffer as ArrayBuffer);
  }
}

/** What blobs are read into and answers give back: 256 KiB each, at most 16 MiB unused. */
export const bodyChunks = new ChunkPool(256 * 1024, 64);
/** What documents are written into before they are sent: 1 MiB each, at most 8 MiB unused. */
export const documentChunks = new ChunkPool(1024 * 1024, 8);

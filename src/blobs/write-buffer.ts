import type { FileHandle } from "node:fs/promises";

/** Chunks of a few bytes are not kept one by one without end. */
const MAX_CHUNKS = 1024;

/**
 * Gathers chunks and writes them many at a time, one write at a time, while the next ones arrive: it holds at most twice
 * `capacity` bytes and one chunk. Chunks are kept as they are until written: who made them must not change them.
 */
export class WriteBuffer {
  private chunks: Uint8Array[] = [];
  private buffered = 0;
  private position = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly file: FileHandle, private readonly capacity: number) {}

  async add(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return;
    this.chunks.push(chunk);
    this.buffered += chunk.byteLength;
    if (this.buffered >= this.capacity || this.chunks.length >= MAX_CHUNKS) await this.flush();
  }

  /** Writes what is left; returns the bytes written in all. */
  async finish(): Promise<number> {
    if (this.buffered > 0) await this.flush();
    await this.writing;
    return this.position;
  }

  /** Resolves when nothing is being written any more, however that ended: then the file may be closed. */
  async stop(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  private async flush(): Promise<void> {
    await this.writing;
    const chunks = this.chunks;
    const at = this.position;
    this.position += this.buffered;
    this.chunks = [];
    this.buffered = 0;
    this.writing = this.writeAll(chunks, at);
    // Its failure is heard by the next `flush` or `finish`.
    this.writing.catch(() => undefined);
  }

  /** The kernel may take fewer bytes than it was given. */
  private async writeAll(chunks: Uint8Array[], start: number): Promise<void> {
    let at = start;
    let left = chunks;
    while (left.length > 0) {
      const { bytesWritten } = await this.file.writev(left, at);
      at += bytesWritten;
      left = without(left, bytesWritten);
    }
  }
}

function without(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const chunk of chunks) {
    if (skip < chunk.byteLength) rest.push(chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.byteLength);
  }
  return rest;
}

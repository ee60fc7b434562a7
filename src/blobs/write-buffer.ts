import type { FileHandle } from "node:fs/promises";

/**
 * Writes chunks in order, one write at a time: small ones are gathered to `capacity` bytes, larger ones are written from
 * where they are. When `add` resolves the chunk is its maker's again, so a few buffers can serve a body of any size.
 */
export class WriteBuffer {
  private gathered: Buffer | undefined;
  private filled = 0;
  private position = 0;

  constructor(private readonly file: FileHandle, private readonly capacity: number) {}

  async add(chunk: Uint8Array): Promise<void> {
    if (this.filled + chunk.byteLength > this.capacity) await this.flush();
    if (chunk.byteLength >= this.capacity) return this.write(chunk);
    this.gathered ??= Buffer.allocUnsafe(this.capacity);
    this.gathered.set(chunk, this.filled);
    this.filled += chunk.byteLength;
  }

  /** Writes what is left; returns the bytes written in all. */
  async finish(): Promise<number> {
    await this.flush();
    return this.position;
  }

  private async flush(): Promise<void> {
    if (!this.gathered || this.filled === 0) return;
    await this.write(this.gathered.subarray(0, this.filled));
    this.filled = 0;
  }

  /** The kernel may take fewer bytes than it was given. */
  private async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await this.file.write(bytes, done, bytes.byteLength - done, this.position);
      done += bytesWritten;
      this.position += bytesWritten;
    }
  }
}

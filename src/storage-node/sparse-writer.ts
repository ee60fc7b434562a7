import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { KIB } from "../model/sizes.js";

/** Blocks of zeros of this size, the file systems' own, become holes. */
const BLOCK_SIZE = 4 * KIB;
const BUFFER_SIZE = 64 * BLOCK_SIZE;
const ZEROS = Buffer.alloc(BLOCK_SIZE);

/** Writes bytes to a file from its start, hashing them, and leaves holes where whole blocks are zeros. */
export class SparseWriter {
  private readonly buffer = Buffer.allocUnsafe(BUFFER_SIZE);
  private readonly digest = createHash("sha256");
  private filled = 0;
  private flushed = 0;

  constructor(private readonly file: FileHandle) {}

  /** Bytes taken so far. */
  get length(): number {
    return this.flushed + this.filled;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let taken = 0;
    while (taken < bytes.length) {
      const part = bytes.subarray(taken, taken + BUFFER_SIZE - this.filled);
      this.buffer.set(part, this.filled);
      this.filled += part.length;
      taken += part.length;
      if (this.filled === BUFFER_SIZE) await this.flush();
    }
  }

  /** Ends the file (a hole at its end needs the length set), syncs it, and resolves with the SHA-256 in hex. */
  async finish(): Promise<string> {
    await this.flush();
    await this.file.truncate(this.flushed);
    await this.file.sync();
    return this.digest.digest("hex");
  }

  private async flush(): Promise<void> {
    const bytes = this.buffer.subarray(0, this.filled);
    this.digest.update(bytes);
    let start = 0;
    while (start < bytes.length) {
      let end = start;
      while (end < bytes.length && !isZero(bytes.subarray(end, end + BLOCK_SIZE))) end += BLOCK_SIZE;
      if (end > start) await this.writeAll(bytes.subarray(start, end), this.flushed + start);
      start = end + BLOCK_SIZE;
    }
    this.flushed += this.filled;
    this.filled = 0;
  }

  private async writeAll(bytes: Buffer, position: number): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.file.write(bytes, written, bytes.length - written, position + written);
      written += bytesWritten;
    }
  }
}

function isZero(block: Buffer): boolean {
  return ZEROS.compare(block, 0, block.length, 0, block.length) === 0;
}

import { open, type FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ByteRange } from "../model/byte-range.js";
import { bodyChunks } from "../model/chunk-pool.js";
import type { BlobId } from "../model/object.js";
import { BlobMissing } from "./blobs.js";

/** Bytes of one read from the file, and what the stream holds ahead of its reader. */
const READ_SIZE = bodyChunks.chunkBytes;

/** A blob's bytes, or a range of them. Opened at the first read; a range that the file does not have is an error. */
export class BlobReader extends Readable {
  private file: FileHandle | undefined;
  private position: number;

  constructor(private readonly blob: BlobId, private readonly path: string, private readonly range?: ByteRange) {
    super({ highWaterMark: READ_SIZE });
    this.position = range?.start ?? 0;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    open(this.path, "r").then(
      (file) => {
        this.file = file;
        callback();
      },
      (error: unknown) => callback(isMissing(error) ? new BlobMissing(this.blob) : (error as Error)),
    );
  }

  override _read(): void {
    this.readNext().then((chunk) => this.push(chunk), (error: unknown) => this.destroy(error as Error));
  }

  private async readNext(): Promise<Uint8Array | null> {
    const wanted = Math.min(READ_SIZE, (this.range?.end ?? Infinity) - this.position);
    if (wanted <= 0 || !this.file) return null;
    // A short read is not worth a whole buffer of the pool.
    const target = wanted < READ_SIZE / 2 ? Buffer.allocUnsafe(wanted) : bodyChunks.take();
    const { bytesRead, buffer } = await this.file.read(target, 0, wanted, this.position);
    if (bytesRead === 0) {
      if (this.range) throw new Error(`blob ${this.blob} ends at byte ${this.position}, before ${this.range.end}`);
      return null;
    }
    this.position += bytesRead;
    // The last byte is here: the file need not stay open until somebody has taken it.
    if (this.position === this.range?.end) await this.closeFile();
    return buffer.subarray(0, bytesRead);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.closeFile().then(() => callback(error), (closing: unknown) => callback(error ?? (closing as Error)));
  }

  private async closeFile(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    await file?.close();
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

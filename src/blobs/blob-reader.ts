import { close, open, read } from "node:fs";
import { Readable } from "node:stream";
import type { ByteRange } from "../model/byte-range.js";
import { bodyChunks } from "../model/chunk-pool.js";
import type { BlobId } from "../model/object.js";
import { BlobMissing } from "./blobs.js";

/** Bytes of one read from the file, and what the stream holds ahead of its reader. */
const READ_SIZE = bodyChunks.chunkBytes;

/**
 * A blob's bytes, or a range of them. Opened at the first read; a range that the file does not have is an error. Plain
 * descriptors and callbacks: for an object of 1 MiB, handles and promises would cost as much as reading it.
 */
export class BlobReader extends Readable {
  private file: number | undefined;
  private position: number;
  private reading = false;
  /** A descriptor that is closed while it is read from may be another file's by then: closing waits for the read. */
  private afterRead: () => void = () => undefined;

  constructor(private readonly blob: BlobId, private readonly path: string, private readonly range?: ByteRange) {
    super({ highWaterMark: READ_SIZE });
    this.position = range?.start ?? 0;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    open(this.path, "r", (error, file) => {
      if (!error) this.file = file;
      callback(isMissing(error) ? new BlobMissing(this.blob) : error);
    });
  }

  override _read(): void {
    const { file, position, range } = this;
    const wanted = Math.min(READ_SIZE, (range?.end ?? Infinity) - position);
    if (wanted <= 0 || file === undefined) {
      this.push(null);
      return;
    }
    // A short read is not worth a whole buffer of the pool.
    const target = wanted < READ_SIZE / 2 ? Buffer.allocUnsafe(wanted) : bodyChunks.take();
    this.reading = true;
    read(file, target, 0, wanted, position, (error, bytesRead) => {
      this.reading = false;
      this.afterRead();
      if (error) this.destroy(error);
      else if (bytesRead > 0) this.taken(target.subarray(0, bytesRead));
      else if (range) this.destroy(new Error(`blob ${this.blob} ends at byte ${position}, before ${range.end}`));
      else this.push(null);
    });
  }

  private taken(bytes: Uint8Array): void {
    this.position += bytes.length;
    // The last byte is here: the file need not stay open until somebody has taken it.
    if (this.position === this.range?.end) this.closeFile(() => undefined);
    this.push(bytes);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const end = () => this.closeFile((closing) => callback(error ?? closing));
    if (this.reading) this.afterRead = end;
    else end();
  }

  private closeFile(done: (error?: Error | null) => void): void {
    const { file } = this;
    this.file = undefined;
    if (file === undefined) done();
    else close(file, done);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

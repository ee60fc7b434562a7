import { close, open, read } from "node:fs";
import type { ByteRange } from "../model/byte-range.js";
import { bodyChunks } from "../model/chunk-pool.js";
import type { BlobId } from "../model/object.js";
import { BlobMissing } from "./blobs.js";

/** Bytes of one read from the file, and of what is read ahead of the reader. */
const READ_SIZE = bodyChunks.chunkBytes;

/**
 * A blob's bytes, or a range of them; the next chunk is read while the reader has the one before. BlobMissing; a range
 * that the file does not have is an error. Plain descriptors and callbacks: for an object of 1 MiB, handles and streams
 * would cost as much as reading it.
 */
export async function* readBlob(blob: BlobId, path: string, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
  let file: number | undefined = await openFile(blob, path);
  let position = range?.start ?? 0;
  let ahead: Promise<Uint8Array> | undefined;
  try {
    for (;;) {
      const bytes = await (ahead ?? readChunk(file, position, range?.end));
      ahead = undefined;
      position += bytes.length;
      if (bytes.length === 0) {
        if (range && position < range.end) throw new Error(`blob ${blob} ends at byte ${position}, before ${range.end}`);
        return;
      }
      if (position === range?.end) {
        // The file need not stay open until somebody has taken the last of it.
        const whole = file;
        file = undefined;
        await closeFile(whole);
        yield bytes;
        return;
      }
      ahead = readChunk(file, position, range?.end);
      // Awaited when its turn comes; a failure before that must not count as unhandled.
      ahead.catch(() => undefined);
      yield bytes;
    }
  } finally {
    // A descriptor that is closed while it is read from may be another file's by then.
    if (ahead) await ahead.catch(() => undefined);
    if (file !== undefined) await closeFile(file);
  }
}

function openFile(blob: BlobId, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, "r", (error, file) => {
      if (error) reject(isMissing(error) ? new BlobMissing(blob) : error);
      else resolve(file);
    });
  });
}

function readChunk(file: number, position: number, end = Infinity): Promise<Uint8Array> {
  const wanted = Math.min(READ_SIZE, end - position);
  // A short read is not worth a whole buffer of the pool.
  const target = wanted < READ_SIZE / 2 ? Buffer.allocUnsafe(wanted) : bodyChunks.take();
  return new Promise((resolve, reject) => {
    read(file, target, 0, wanted, position, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(target.subarray(0, bytesRead));
    });
  });
}

function closeFile(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    close(file, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

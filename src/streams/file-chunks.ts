import { closeSync, fstat, type Stats } from "node:fs";
import type { ByteRange } from "../model/byte-range.js";
import { bodyChunks } from "./chunk-pool.js";
import { openFile, readBytes } from "./descriptors.js";

/** Bytes of one read, and of what is read ahead of the reader. */
const READ_SIZE = bodyChunks.chunkBytes;

/** A file ends at byte `position`, before the bytes that were asked for. */
export class ShortFile extends Error {
  constructor(
    path: string,
    readonly position: number,
    end: number,
  ) {
    super(`${path} ends at byte ${position}, before ${end}`);
    this.name = "ShortFile";
  }
}

/**
 * A file's bytes, or a range of them, in chunks of 512 KiB; the last one may be shorter. The next chunk is read while the
 * reader works on the current one. The file is opened when the first chunk is asked for, so an unused iterator holds
 * nothing, and closed as soon as the last one is read. `accept` may refuse the opened file by throwing. A range outside
 * the file is a ShortFile.
 */
export async function* fileChunks(
  path: string,
  range?: ByteRange,
  accept?: (found: Stats) => void,
): AsyncGenerator<Uint8Array, void> {
  let file: number | undefined = await openFile(path);
  let position = range?.start ?? 0;
  let ahead: Promise<Uint8Array> | undefined;
  try {
    accept?.(await statFile(file));
    for (;;) {
      const bytes = await (ahead ?? readChunk(file, position, range?.end));
      ahead = undefined;
      position += bytes.length;
      if (bytes.length === 0) {
        if (range && position < range.end) throw new ShortFile(path, position, range.end);
        return;
      }
      if (position === range?.end) {
        // All is read: the file is closed before the reader takes the last chunk. At once: of a file that was only read,
        // nothing is left to write, and a thread would take longer to wake.
        const whole = file;
        file = undefined;
        closeSync(whole);
        yield bytes;
        return;
      }
      ahead = readChunk(file, position, range?.end);
      // Awaited when its turn comes; a failure before that must not count as unhandled.
      ahead.catch(() => undefined);
      yield bytes;
    }
  } finally {
    // Closed during a read, the descriptor's number could already belong to another file.
    if (ahead) await ahead.catch(() => undefined);
    if (file !== undefined) closeSync(file);
  }
}

function statFile(file: number): Promise<Stats> {
  return new Promise((resolve, reject) => {
    fstat(file, (error, found) => {
      if (error) reject(error);
      else resolve(found);
    });
  });
}

async function readChunk(file: number, position: number, end = Infinity): Promise<Uint8Array> {
  const wanted = Math.min(READ_SIZE, end - position);
  // A short read does not take a whole buffer of the pool. For a longer one the system would have to find new memory.
  const target = wanted < READ_SIZE / 4 ? Buffer.allocUnsafe(wanted) : bodyChunks.take();
  const filled = await readBytes(file, target.subarray(0, wanted), position);
  return target.subarray(0, filled);
}

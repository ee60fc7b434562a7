import { RunCipher, sealedRange } from "../../encoding/run-cipher.js";
import type { ByteRange } from "../../model/byte-range.js";
import type { DataKey } from "../../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE } from "../../model/sizes.js";
import { inPieces } from "../../streams/in-pieces.js";

/**
 * Bytes `range` of a packed object that is encrypted. `read` gives any range of its stored bytes, `length` in all. Throws
 * Error for a chunk that does not authenticate.
 */
export async function* openRun(
  key: DataKey,
  length: number,
  range: ByteRange,
  read: (range: ByteRange) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const cipher = new RunCipher(key);
  const sealed = sealedRange(range, length);
  let chunk = sealed.start / CHUNK_SIZE;
  for await (const piece of inPieces(read(sealed), CHUNK_SIZE)) {
    const at = chunk * CHUNK_CONTENT;
    yield cipher.open(chunk++, piece).subarray(Math.max(range.start - at, 0), Math.max(range.end - at, 0));
  }
}

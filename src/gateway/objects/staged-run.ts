import { RunCipher } from "../../encoding/run-cipher.js";
import type { ByteRange } from "../../model/byte-range.js";
import type { DataKey } from "../../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE } from "../../model/sizes.js";

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
  const first = Math.floor(range.start / CHUNK_CONTENT);
  const last = Math.ceil(range.end / CHUNK_CONTENT);
  let chunk = first;
  let pending: Uint8Array = new Uint8Array(0);
  const opened = (sealed: Uint8Array) => {
    const at = chunk * CHUNK_CONTENT;
    return cipher.open(chunk++, sealed).subarray(Math.max(range.start - at, 0), Math.max(range.end - at, 0));
  };
  for await (const bytes of read({ start: first * CHUNK_SIZE, end: Math.min(last * CHUNK_SIZE, length) })) {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    let at = 0;
    for (; at + CHUNK_SIZE <= pending.length; at += CHUNK_SIZE) yield opened(pending.subarray(at, at + CHUNK_SIZE));
    pending = pending.subarray(at);
  }
  if (pending.length > 0) yield opened(pending);
}

import type { Readable } from "node:stream";
import { MIB } from "../model/sizes.js";

/** How much of an unread body is read, so that the client gets the answer. */
const UNREAD = { bytes: 16 * MIB, ms: 5_000 };

/** The whole of a short body. Rejects with `tooLarge()` after `limit` bytes, and with the body's own error. */
export async function readShort(
  body: AsyncIterable<Uint8Array>,
  limit: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads and discards the rest of a request's body: at most 16 MiB, for at most 5 s. Closing a connection with unread
 * bytes resets it, and the reset may reach the client before the answer. `onCut` gets what is to be called when nothing
 * more will come, though the request does not tell. Never rejects.
 */
export async function discardUnread(
  request: Readable,
  onCut: (done: () => void) => void = () => undefined,
): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = UNREAD.bytes;
    const timer = setTimeout(resolve, UNREAD.ms);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    request.on("data", (bytes: Buffer) => {
      left -= bytes.length;
      if (left <= 0) done();
    });
    onCut(done);
    for (const event of ["end", "aborted", "error", "close"]) request.once(event, done);
    request.resume();
  });
}

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { ByteRange } from "../model/byte-range.js";
import { KIB } from "../model/sizes.js";

/** Bytes of a file, as the answer to a GET or a HEAD. */
export interface FileAnswer {
  /** Of the whole file, or of what is offered in its place. */
  readonly size: number;
  /** The bytes that were asked for; undefined: all, with status 200. */
  readonly range: ByteRange | undefined;
  /** Valid in HTTP; `content-length` is added. */
  readonly headers: OutgoingHttpHeaders;
  /** Called for a GET, with the bytes to give. Its rejection is answered with an error status. */
  readonly open: (range: ByteRange) => Promise<AsyncIterable<Uint8Array>>;
}

/** Resolves when all was sent. Returns how many bytes of the file that were. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { size, range, headers, open }: FileAnswer,
): Promise<number> {
  const { start, end } = range ?? { start: 0, end: size };
  const length = end - start;
  const status = range ? 206 : 200;
  const head = { ...headers, "content-length": length };
  if (request.method === "HEAD") {
    response.writeHead(status, head).end();
    return 0;
  }
  const bytes = await open({ start, end });
  response.writeHead(status, head);
  await pipeline(bytes, response);
  return length;
}

/** Bytes in memory, in pieces that a socket takes at a time. */
// eslint-disable-next-line @typescript-eslint/require-await
export async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += 256 * KIB) yield bytes.subarray(at, at + 256 * KIB);
}

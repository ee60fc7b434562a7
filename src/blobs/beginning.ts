import type { ByteStream } from "../streams/byte-stream.js";

/**
 * All the bytes if there are at most `limit`, else a stream of them. The source may reuse a chunk's memory when it is
 * asked for the next one.
 */
export async function beginning(
  chunks: ByteStream,
  limit: number,
): Promise<{ bytes: Uint8Array; rest?: AsyncIterable<Uint8Array> }> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    size += next.value.byteLength;
    if (size > limit) return { bytes: new Uint8Array(0), rest: resumed([...kept, next.value], chunks) };
    kept.push(Uint8Array.from(next.value));
  }
  return { bytes: Buffer.concat(kept) };
}

async function* resumed(first: readonly Uint8Array[], rest: ByteStream): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    yield* rest;
  } finally {
    rest.close();
  }
}

import type { ByteRange } from "../model/byte-range.js";
import type { DataKey } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE, CHUNK_TAG } from "../model/sizes.js";
import { inPieces } from "../streams/in-pieces.js";
import { ChunkCipher } from "./chunk-cipher.js";

/** Authenticated with every chunk of a run, so it can never be taken for a chunk of a segment. */
const RUN_CHUNK = Buffer.from("cess-s3 aes-256-gcm packed chunk 1");
/**
 * In place of the segment's number, which no segment of an object reaches. The same data key may also seal the object
 * as a file of its own, where the last chunk's content is another, so these nonces must not occur there.
 */
const RUN = 0xffffffff;

/** Bytes that an encrypted object of so many bytes takes in a pack. */
export function sealedLength(contentLength: number): number {
  return contentLength + Math.ceil(contentLength / CHUNK_CONTENT) * CHUNK_TAG;
}

/** Bytes of an encrypted object that takes so many bytes in a pack: the other way round. */
export function openedLength(sealed: number): number {
  return sealed - Math.ceil(sealed / CHUNK_SIZE) * CHUNK_TAG;
}

/** The stored bytes, whole chunks of a run of `length` bytes, that hold this range of the content. */
export function sealedRange({ start, end }: ByteRange, length: number): ByteRange {
  return {
    start: Math.floor(start / CHUNK_CONTENT) * CHUNK_SIZE,
    end: Math.min(Math.ceil(end / CHUNK_CONTENT) * CHUNK_SIZE, length),
  };
}

/** The chunks of one packed object's run: docs/encryption.md describes them byte by byte. */
export class RunCipher {
  private readonly chunks: ChunkCipher;

  constructor(key: DataKey) {
    this.chunks = new ChunkCipher(key, RUN_CHUNK);
  }

  /**
   * The chunks of the whole content, one after another, `sealedLength` bytes in all. Holds one chunk, and a piece of
   * the content.
   */
  async *seal(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
    let chunk = 0;
    for await (const piece of inPieces(content, CHUNK_CONTENT)) yield this.sealChunk(chunk++, piece);
  }

  /**
   * The content of chunk 0, 1 and so on: CHUNK_CONTENT bytes, or fewer of the last one. Throws Error for bytes that are
   * not that whole chunk, sealed with this key.
   */
  open(chunk: number, sealed: Uint8Array): Buffer {
    return this.chunks.open(RUN, chunk, sealed);
  }

  private sealChunk(chunk: number, content: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafeSlow(content.length + CHUNK_TAG);
    this.chunks.seal(RUN, chunk, content, sealed);
    return sealed;
  }
}

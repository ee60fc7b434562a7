import { ChunkCipher } from "../encoding/chunk-cipher.js";
import { CIPHER_BLOCK, decryptRange } from "../encoding/segment-cipher.js";
import type { CessFile, SegmentFormat } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE, FRAGMENT_SIZE, KIB, MIB } from "../model/sizes.js";
import type { ReadStep } from "./read-plan.js";

/** Bytes decrypted in one go, few enough not to block the event loop (0.5 ms). */
const CHUNK_BYTES = 512 * KIB;
/** Bytes in one view. Larger views slow the sockets down; smaller ones mean more steps on the way to them. */
const VIEW_BYTES = MIB;

/**
 * Cuts the requested bytes out of the fragments, which come in the order of the steps, and decrypts them where needed.
 */
export class PlaintextReader {
  /** Where the last `cess-cbc` step ended, and its last block, which is needed to decrypt the next block. */
  private ended: { readonly step: ReadStep; readonly block: Uint8Array } | undefined;
  /** The cipher of the file that was read last. It decrypts all chunks of that file. */
  private cipher: { readonly file: CessFile; readonly chunks: ChunkCipher } | undefined;

  /** Yields views of `fragment` (plain format), or new buffers. Throws Error for a chunk that does not authenticate. */
  *read(step: ReadStep, fragment: Uint8Array): Generator<Uint8Array, void> {
    const bytes = fragment.subarray(step.start, step.end);
    const { format } = step.file;
    switch (format.name) {
      case "plain":
        for (let at = 0; at < bytes.length; at += VIEW_BYTES) yield bytes.subarray(at, at + VIEW_BYTES);
        return;
      case "cess-cbc":
        return yield* this.blocks(step, format.cipher, bytes);
      case "aes-256-gcm":
        return yield* this.chunks(step, format, bytes);
    }
  }

  private *chunks(
    step: ReadStep,
    format: SegmentFormat & { readonly name: "aes-256-gcm" },
    bytes: Uint8Array,
  ): Generator<Uint8Array, void> {
    if (this.cipher?.file !== step.file) this.cipher = { file: step.file, chunks: new ChunkCipher(format.key) };
    const { chunks } = this.cipher;
    let ready: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += CHUNK_SIZE) {
      const chunk = (step.fragment * FRAGMENT_SIZE + step.start + at) / CHUNK_SIZE;
      const content = chunks.open(format.first + step.segment, chunk, bytes.subarray(at, at + CHUNK_SIZE));
      ready.push(within(step, chunk * CHUNK_CONTENT, content));
      const last = at + CHUNK_SIZE >= bytes.length;
      if (!last && ready.length * CHUNK_SIZE < CHUNK_BYTES) continue;
      yield Buffer.concat(ready);
      ready = [];
    }
  }

  private *blocks(step: ReadStep, cipher: string, bytes: Uint8Array): Generator<Uint8Array, void> {
    let position = step.fragment * FRAGMENT_SIZE + step.start;
    let previous = this.blockBefore(step);
    let at = 0;
    if (!previous && position > 0) {
      // For this, the plan includes the block before the range.
      previous = bytes.subarray(0, CIPHER_BLOCK);
      at = CIPHER_BLOCK;
      position += CIPHER_BLOCK;
    }
    for (; at < bytes.length; at += CHUNK_BYTES) {
      const ciphertext = bytes.subarray(at, at + CHUNK_BYTES);
      const wanted = within(step, position, decryptRange(cipher, previous, ciphertext));
      if (wanted.length > 0) yield wanted;
      previous = ciphertext.subarray(-CIPHER_BLOCK);
      position += ciphertext.length;
    }
    if (previous) this.ended = { step, block: Uint8Array.from(previous) };
  }

  private blockBefore(step: ReadStep): Uint8Array | undefined {
    const { step: last, block } = this.ended ?? {};
    const follows =
      last?.file === step.file &&
      last.segment === step.segment &&
      last.end === FRAGMENT_SIZE &&
      last.fragment + 1 === step.fragment &&
      step.start === 0;
    return follows ? block : undefined;
  }
}

/** The part of `content` that the reader asked for. `position`: where `content` begins in the segment's content. */
function within({ wanted: { start, end } }: ReadStep, position: number, content: Uint8Array): Uint8Array {
  return content.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
}

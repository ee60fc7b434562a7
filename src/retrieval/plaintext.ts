import { CIPHER_BLOCK, decryptRange } from "../encoding/segment-cipher.js";
import { FRAGMENT_SIZE, KIB } from "../model/sizes.js";
import type { ReadStep } from "./read-plan.js";

/** Bytes handed on at once: small enough for back-pressure, and for decryption not to hold the event loop (0.3 ms). */
const CHUNK_SIZE = 512 * KIB;

/** Cuts what the reader asked for out of the fragments of its steps, which come in order, decrypting where needed. */
export class PlaintextReader {
  /** Where the last encrypted step ended, and its last block, with which the next one's first is decrypted. */
  #ended: { readonly step: ReadStep; readonly block: Uint8Array } | undefined;

  /** Views of `fragment` (plain), or new buffers. */
  *read(step: ReadStep, fragment: Uint8Array): Generator<Uint8Array, void> {
    const bytes = fragment.subarray(step.start, step.end);
    if (!step.plaintext) {
      for (let at = 0; at < bytes.length; at += CHUNK_SIZE) yield bytes.subarray(at, at + CHUNK_SIZE);
      return;
    }
    const { cipher, start, end } = step.plaintext;
    let position = step.fragment * FRAGMENT_SIZE + step.start;
    let previous = this.#blockBefore(step);
    let at = 0;
    if (!previous && position > 0) {
      // The plan put the block before the range in front, for this.
      previous = bytes.subarray(0, CIPHER_BLOCK);
      at = CIPHER_BLOCK;
      position += CIPHER_BLOCK;
    }
    for (; at < bytes.length; at += CHUNK_SIZE) {
      const ciphertext = bytes.subarray(at, at + CHUNK_SIZE);
      const clear = decryptRange(cipher, previous, ciphertext);
      const wanted = clear.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
      if (wanted.length > 0) yield wanted;
      previous = ciphertext.subarray(-CIPHER_BLOCK);
      position += ciphertext.length;
    }
    if (previous) this.#ended = { step, block: Uint8Array.from(previous) };
  }

  #blockBefore(step: ReadStep): Uint8Array | undefined {
    const { step: last, block } = this.#ended ?? {};
    const follows =
      last?.file === step.file && last.segment === step.segment && last.end === FRAGMENT_SIZE &&
      last.fragment + 1 === step.fragment && step.start === 0;
    return follows ? block : undefined;
  }
}

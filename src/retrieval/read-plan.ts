import { CIPHER_BLOCK } from "../encoding/segment-cipher.js";
import { rangeLength } from "../model/byte-range.js";
import { type CessFile, segmentCapacity } from "../model/file.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import type { FileRange } from "./retrieval.js";

/** One data fragment to fetch, and which of its bytes the reader wants. */
export interface ReadStep {
  readonly file: CessFile;
  /** Index of the segment in the file. */
  readonly segment: number;
  /** Index of the fragment in the segment, 0…3. */
  readonly fragment: number;
  /** Bytes of the fragment, `end` excluded. Encrypted: whole blocks, with the block before the first where there is one. */
  readonly start: number;
  readonly end: number;
  /** Set for encrypted segments: which of the decrypted bytes of this segment's steps the reader asked for. */
  readonly plaintext?: { readonly cipher: string; readonly start: number; readonly end: number };
}

const down = (position: number) => position - (position % CIPHER_BLOCK);
const up = (position: number) => down(position + CIPHER_BLOCK - 1);

/**
 * The data fragments that the ranges touch, in reading order, made one by one: a range may be 31 GiB of steps.
 * Throws RangeError for a range outside its file.
 */
export function* readSteps(ranges: readonly FileRange[]): Generator<ReadStep, void> {
  for (const { file, range } of ranges) {
    if (range.start < 0 || range.end > file.size || rangeLength(range) < 0)
      throw new RangeError(`bytes ${range.start} to ${range.end} are outside a file of ${file.size}`);
    const capacity = segmentCapacity(file.format);
    for (let position = range.start; position < range.end; ) {
      const segment = Math.floor(position / capacity);
      const end = Math.min(range.end, (segment + 1) * capacity);
      yield* segmentSteps(file, segment, position - segment * capacity, end - segment * capacity);
      position = end;
    }
  }
}

/** `start` and `end` are bytes of the segment's content. */
function* segmentSteps(file: CessFile, segment: number, start: number, end: number): Generator<ReadStep, void> {
  const { format } = file;
  const encrypted = format.name === "cess-cbc";
  // CBC: a block is decrypted with the ciphertext of the block before it, so that one is read as well.
  const first = encrypted ? Math.max(down(start) - CIPHER_BLOCK, 0) : start;
  const last = encrypted ? up(end) : end;
  const plaintext = encrypted ? { plaintext: { cipher: format.cipher, start, end } } : {};
  for (let position = first; position < last; ) {
    const fragment = Math.floor(position / FRAGMENT_SIZE);
    const stop = Math.min(last, (fragment + 1) * FRAGMENT_SIZE);
    const base = fragment * FRAGMENT_SIZE;
    yield { file, segment, fragment, start: position - base, end: stop - base, ...plaintext };
    position = stop;
  }
}

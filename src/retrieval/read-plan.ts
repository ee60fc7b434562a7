import { CIPHER_BLOCK } from "../encoding/segment-cipher.js";
import { rangeLength } from "../model/byte-range.js";
import { type CessFile, type SegmentFormat, segmentCapacity } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE, FRAGMENT_SIZE } from "../model/sizes.js";
import type { FileRange } from "./retrieval.js";

/** One data fragment to fetch, and the bytes of it that are needed. */
export interface ReadStep {
  readonly file: CessFile;
  /** Index of the segment in the file. */
  readonly segment: number;
  /** Index of the fragment in the segment, 0…3. */
  readonly fragment: number;
  /** Bytes of the fragment, `end` excluded. In an encrypted format, all that is needed to decrypt the wanted bytes. */
  readonly start: number;
  readonly end: number;
  /** The bytes of the segment's content that the reader asked for, in all steps of this segment. */
  readonly wanted: { readonly start: number; readonly end: number };
}

/**
 * The data fragments that the ranges touch, in reading order. Generated one by one, since a range may cover 31 GiB.
 * Throws RangeError for a range outside its file.
 */
export function* readSteps(ranges: readonly FileRange[]): Generator<ReadStep, void> {
  for (const { file, range } of ranges) {
    if (range.start < 0 || range.end > file.size || rangeLength(range) < 0)
      throw new RangeError(`bytes ${range.start} to ${range.end} are outside a file of ${file.size}`);
    const capacity = segmentCapacity(file.format);
    for (let position = range.start; position < range.end;) {
      const segment = Math.floor(position / capacity);
      const end = Math.min(range.end, (segment + 1) * capacity);
      yield* segmentSteps(file, segment, { start: position - segment * capacity, end: end - segment * capacity });
      position = end;
    }
  }
}

function* segmentSteps(file: CessFile, segment: number, wanted: ReadStep["wanted"]): Generator<ReadStep, void> {
  const [first, last] = bytesToRead(file.format, wanted);
  for (let position = first; position < last;) {
    const fragment = Math.floor(position / FRAGMENT_SIZE);
    const stop = Math.min(last, (fragment + 1) * FRAGMENT_SIZE);
    const base = fragment * FRAGMENT_SIZE;
    yield { file, segment, fragment, start: position - base, end: stop - base, wanted };
    position = stop;
  }
}

/** The bytes of a segment that hold this range of its content. */
function bytesToRead({ name }: SegmentFormat, { start, end }: ReadStep["wanted"]): readonly [number, number] {
  switch (name) {
    case "plain":
      return [start, end];
    // CBC: decrypting a block needs the ciphertext block before it, so that one is read as well.
    case "cess-cbc":
      return [
        Math.max(Math.floor(start / CIPHER_BLOCK) - 1, 0) * CIPHER_BLOCK,
        Math.ceil(end / CIPHER_BLOCK) * CIPHER_BLOCK,
      ];
    // Whole chunks, because a tag covers the whole chunk. No chunk crosses a fragment's border.
    case "aes-256-gcm":
      return [Math.floor(start / CHUNK_CONTENT) * CHUNK_SIZE, Math.ceil(end / CHUNK_CONTENT) * CHUNK_SIZE];
  }
}

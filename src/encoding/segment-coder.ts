import { createHash, type Hash as Hasher } from "node:crypto";
import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import { type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE, FRAGMENTS, SEGMENT_SIZE } from "../model/sizes.js";
import { type Codec, STRIP_SIZE } from "./codec.js";
import type { FileSlice, NumberedFragment } from "./encoder.js";
import { openSegment, type SegmentSource } from "./segment-source.js";

const DATA = [0, 1, 2, 3];
const PARITY = [4, 5, 6, 7, 8, 9, 10, 11];
const ZEROS = Buffer.alloc(1024 * 1024);

function updateZeros(hasher: Hasher, count: number): void {
  for (let left = count; left > 0; left -= ZEROS.length)
    hasher.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
}

/** Bytes of data fragment `index` up to the end of the segment's content. */
function contentOf(source: SegmentSource, index: number): number {
  return Math.min(Math.max(source.zerosFrom - index * FRAGMENT_SIZE, 0), FRAGMENT_SIZE);
}

/**
 * Whether this is a data fragment without content. Fragment 0 is always hashed, because the segment's hash continues
 * from its hash.
 */
function knownZero(source: SegmentSource, index: number): boolean {
  return index > 0 && index < DATA_FRAGMENTS && contentOf(source, index) === 0;
}

/**
 * One thread's work on segments, column by column. Only a strip of each fragment is in memory, so twelve hashes and
 * eight parity fragments cost 768 KiB instead of 96 MiB. Columns behind the content are zero in all twelve fragments
 * and are only hashed; a fragment without content has a known hash.
 */
export class SegmentCoder {
  constructor(private readonly codec: Codec) {}

  hashes(content: readonly FileSlice[], format: SegmentFormat): SegmentHashes {
    const source = openSegment(content, format);
    try {
      const hashers = [...DATA, ...PARITY].map(() => createHash("sha256"));
      const coded = contentOf(source, 0);
      for (let column = 0; column < coded; column += STRIP_SIZE) {
        const length = Math.min(STRIP_SIZE, coded - column);
        this.readColumn(source, column, length);
        this.codec.transform(DATA, PARITY, length);
        for (const [index, hasher] of hashers.entries())
          if (!knownZero(source, index)) hasher.update(this.strip(index, length));
      }
      const fragments = hashers.map((hasher, index) => {
        if (knownZero(source, index)) return ZERO_FRAGMENT_HASH;
        updateZeros(hasher, FRAGMENT_SIZE - coded);
        return hasher.copy().digest("hex") as Hash;
      });
      return { hash: this.segmentHash(source, hashers[0] ?? createHash("sha256")), fragments };
    } finally {
      source.close();
    }
  }

  /** The 8 MiB of fragment `index`, 0…11. */
  fragment(content: readonly FileSlice[], format: SegmentFormat, index: number): Uint8Array {
    if (!Number.isInteger(index) || index < 0 || index >= FRAGMENTS)
      throw new RangeError(`no fragment has index ${index}`);
    const source = openSegment(content, format);
    try {
      const fragment = new Uint8Array(FRAGMENT_SIZE);
      if (index < DATA_FRAGMENTS) {
        source.read(index * FRAGMENT_SIZE, fragment.subarray(0, contentOf(source, index)));
        return fragment;
      }
      const coded = contentOf(source, 0);
      for (let column = 0; column < coded; column += STRIP_SIZE) {
        const length = Math.min(STRIP_SIZE, coded - column);
        this.readColumn(source, column, length);
        this.codec.transform(DATA, [index], length);
        fragment.set(this.output(0, length), column);
      }
      return fragment;
    } finally {
      source.close();
    }
  }

  /** Data fragments that are not among the `available`, any four different ones. */
  reconstruct(available: readonly NumberedFragment[], wanted: readonly number[]): Uint8Array[] {
    if (available.some(({ bytes }) => bytes.length !== FRAGMENT_SIZE))
      throw new RangeError("a fragment must have 8 MiB");
    const from = available.map(({ index }) => index);
    const made = wanted.map(() => new Uint8Array(FRAGMENT_SIZE));
    for (let column = 0; column < FRAGMENT_SIZE; column += STRIP_SIZE) {
      for (const [i, { bytes }] of available.entries())
        this.codec.inputs[i]?.set(bytes.subarray(column, column + STRIP_SIZE));
      this.codec.transform(from, wanted, STRIP_SIZE);
      for (const [i, bytes] of made.entries()) bytes.set(this.output(i, STRIP_SIZE), column);
    }
    return made;
  }

  private readColumn(source: SegmentSource, column: number, length: number): void {
    for (const [index, input] of this.codec.inputs.entries())
      source.read(index * FRAGMENT_SIZE + column, input.subarray(0, length));
  }

  /** A strip of fragment `index` after a column was read and coded. */
  private strip(index: number, length: number): Uint8Array {
    const strip = index < DATA_FRAGMENTS ? this.codec.inputs[index] : undefined;
    return strip?.subarray(0, length) ?? this.output(index - DATA_FRAGMENTS, length);
  }

  private output(row: number, length: number): Uint8Array {
    const strip = this.codec.outputs[row];
    if (!strip) throw new RangeError(`the codec has no output ${row}`);
    return strip.subarray(0, length);
  }

  /**
   * A segment begins with its fragment 0, so its hash continues from that fragment's hash state. That saves a quarter.
   */
  private segmentHash(source: SegmentSource, fragment0: Hasher): Hash {
    const buffer = this.codec.outputs[0] ?? new Uint8Array(STRIP_SIZE);
    const end = Math.max(Math.min(source.zerosFrom, SEGMENT_SIZE), FRAGMENT_SIZE);
    for (let position = FRAGMENT_SIZE; position < end; position += buffer.length) {
      const piece = buffer.subarray(0, Math.min(buffer.length, end - position));
      source.read(position, piece);
      fragment0.update(piece);
    }
    updateZeros(fragment0, SEGMENT_SIZE - end);
    return fragment0.digest("hex") as Hash;
  }
}

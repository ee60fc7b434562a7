import { createHash, type Hash as Hasher } from "node:crypto";
import { PLAIN, type SegmentFormat, type SegmentHashes } from "../model/file.js";
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

function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && ZEROS.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

/** SHA-256 of a fragment. Zeros wait until something else follows them: a fragment of zeros is never hashed. */
class FragmentHash {
  private readonly hasher = createHash("sha256");
  private length = 0;
  private waitingZeros = 0;

  update(strip: Uint8Array): void {
    if (isZero(strip)) {
      this.waitingZeros += strip.length;
      return;
    }
    this.length += this.waitingZeros + strip.length;
    this.hashZeros();
    this.hasher.update(strip);
  }

  /** Of the whole fragment: what is missing is zeros. */
  digest(): Hash {
    return this.length === 0 ? ZERO_FRAGMENT_HASH : (this.whole().copy().digest("hex") as Hash);
  }

  /** The hash state after the whole fragment, for what follows it. Nothing more can be given to this object. */
  whole(): Hasher {
    this.waitingZeros = FRAGMENT_SIZE - this.length;
    this.length = FRAGMENT_SIZE;
    this.hashZeros();
    return this.hasher;
  }

  private hashZeros(): void {
    updateZeros(this.hasher, this.waitingZeros);
    this.waitingZeros = 0;
  }
}

/** Bytes of data fragment `index` up to the end of the segment's content. */
function contentOf(source: SegmentSource, index: number): number {
  return Math.min(Math.max(source.zerosFrom - index * FRAGMENT_SIZE, 0), FRAGMENT_SIZE);
}

/**
 * One thread's work on segments, column by column. Only a strip of each fragment is in memory, so twelve hashes and
 * eight parity fragments cost 768 KiB instead of 96 MiB. Columns of zeros are zeros in all twelve fragments: those behind
 * the content are neither read nor coded, and a fragment of nothing else has a known hash.
 */
export class SegmentCoder {
  constructor(private readonly codec: Codec) {}

  hashes(content: readonly FileSlice[], format: SegmentFormat): SegmentHashes {
    const source = openSegment(content, format);
    try {
      const hashers = [...DATA, ...PARITY].map(() => new FragmentHash());
      const coded = contentOf(source, 0);
      for (let column = 0; column < coded; column += STRIP_SIZE) {
        const length = Math.min(STRIP_SIZE, coded - column);
        this.readColumn(source, column, length);
        this.codec.transform(DATA, PARITY, length);
        for (const [index, hasher] of hashers.entries()) hasher.update(this.strip(index, length));
      }
      const fragments = hashers.map((hasher) => hasher.digest());
      // A segment begins with its fragment 0, so its hash continues from that fragment's. That saves a quarter.
      const begun = hashers[0]?.whole() ?? createHash("sha256");
      return { hash: this.hashOn(source, FRAGMENT_SIZE, begun), fragments };
    } finally {
      source.close();
    }
  }

  /** The hash of the segment alone: nothing is coded. */
  segmentHash(content: readonly FileSlice[], format: SegmentFormat): Hash {
    const source = openSegment(content, format);
    try {
      return this.hashOn(source, 0, createHash("sha256"));
    } finally {
      source.close();
    }
  }

  /** Reads the content, and thereby checks it. */
  check(content: readonly FileSlice[]): void {
    const source = openSegment(content, PLAIN);
    try {
      this.readOn(source, 0, () => undefined);
    } finally {
      source.close();
    }
  }

  /** The 8 MiB of each of these fragments, 0…11, in one pass over the content. `into`: memory for each of them. */
  fragments(
    content: readonly FileSlice[],
    format: SegmentFormat,
    indexes: readonly number[],
    into?: readonly Uint8Array[],
  ): Uint8Array[] {
    const unknown = indexes.find((index) => !Number.isInteger(index) || index < 0 || index >= FRAGMENTS);
    if (unknown !== undefined) throw new RangeError(`no fragment has index ${unknown}`);
    const source = openSegment(content, format);
    try {
      const made = indexes.map((index, i) => ({ index, bytes: into?.[i] ?? new Uint8Array(FRAGMENT_SIZE) }));
      const parity = made.filter(({ index }) => index >= DATA_FRAGMENTS);
      if (parity.length === 0) {
        for (const { index, bytes } of made) {
          const end = contentOf(source, index);
          source.read(index * FRAGMENT_SIZE, bytes.subarray(0, end));
          bytes.fill(0, end);
        }
        return made.map(({ bytes }) => bytes);
      }
      const rows = parity.map(({ index }) => index);
      const coded = contentOf(source, 0);
      for (let column = 0; column < coded; column += STRIP_SIZE) {
        const length = Math.min(STRIP_SIZE, coded - column);
        this.readColumn(source, column, length);
        this.codec.transform(DATA, rows, length);
        for (const { index, bytes } of made) {
          const strip = this.codec.inputs[index]?.subarray(0, length) ?? this.output(rows.indexOf(index), length);
          bytes.set(strip, column);
        }
      }
      // Used memory is not zeros.
      return made.map(({ bytes }) => bytes.fill(0, coded));
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

  /** The segment's hash, of which the bytes before `from` are hashed already. */
  private hashOn(source: SegmentSource, from: number, hasher: Hasher): Hash {
    const end = this.readOn(source, from, (piece) => hasher.update(piece));
    updateZeros(hasher, SEGMENT_SIZE - end);
    return hasher.digest("hex") as Hash;
  }

  /** Reads from byte `from` on. Returns where the zeros begin. */
  private readOn(source: SegmentSource, from: number, use: (piece: Uint8Array) => void): number {
    const buffer = this.codec.outputs[0] ?? new Uint8Array(STRIP_SIZE);
    const end = Math.max(Math.min(source.zerosFrom, SEGMENT_SIZE), from);
    for (let position = from; position < end; position += buffer.length) {
      const piece = buffer.subarray(0, Math.min(buffer.length, end - position));
      source.read(position, piece);
      use(piece);
    }
    return end;
  }
}

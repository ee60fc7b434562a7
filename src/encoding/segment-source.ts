import { closeSync, openSync, readSync } from "node:fs";
import type { SegmentFormat } from "../model/file.js";
import { segmentCapacity } from "../model/file.js";
import { MIB, SEGMENT_SIZE } from "../model/sizes.js";
import type { FileSlice } from "./encoder.js";
import { CIPHER_BLOCK, segmentEncryptor } from "./segment-cipher.js";

/** A segment's 32 MiB, to be read at any position. */
export interface SegmentSource {
  /** From this byte on the segment is all zeros: never read, nor coded. */
  readonly zerosFrom: number;
  /** Fills `target` with the bytes from `position` on. */
  read(position: number, target: Uint8Array): void;
  close(): void;
}

/** The slices as they are, then zeros. Reads are synchronous: a worker thread has nothing else to do meanwhile. */
class PlainSource implements SegmentSource {
  readonly zerosFrom: number;
  readonly #slices: { readonly slice: FileSlice; readonly start: number }[] = [];
  readonly #files = new Map<string, number>();

  constructor(content: readonly FileSlice[]) {
    let start = 0;
    for (const slice of content) {
      this.#slices.push({ slice, start });
      start += slice.length;
    }
    this.zerosFrom = start;
  }

  read(position: number, target: Uint8Array): void {
    const end = position + target.length;
    for (const { slice, start } of this.#slices) {
      const from = Math.max(position, start);
      const to = Math.min(end, start + slice.length);
      if (from < to) this.#readFile(slice, from - start, target.subarray(from - position, to - position));
    }
    if (end > this.zerosFrom) target.fill(0, Math.max(0, this.zerosFrom - position));
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  #readFile(slice: FileSlice, offset: number, target: Uint8Array): void {
    const file = this.#files.get(slice.path) ?? openSync(slice.path, "r");
    this.#files.set(slice.path, file);
    for (let done = 0; done < target.length; ) {
      const read = readSync(file, target, done, target.length - done, slice.offset + offset + done);
      if (read === 0) throw new Error(`${slice.path} ends before byte ${slice.offset + slice.length}`);
      done += read;
    }
  }
}

/** CBC runs from front to back but columns are read side by side, so the ciphertext is kept: 32 MiB, one per thread. */
let ciphertext: Buffer | undefined;

class EncryptedSource implements SegmentSource {
  readonly zerosFrom = SEGMENT_SIZE;
  readonly #bytes = (ciphertext ??= Buffer.allocUnsafeSlow(SEGMENT_SIZE));

  constructor(plaintext: SegmentSource, cipher: string) {
    const encryptor = segmentEncryptor(cipher);
    const piece = Buffer.allocUnsafe(MIB);
    for (let position = 0; position < SEGMENT_SIZE; position += piece.length) {
      plaintext.read(position, piece);
      // PKCS#7 of a full plaintext: one block of sixteen 16s.
      if (position + piece.length === SEGMENT_SIZE) piece.fill(CIPHER_BLOCK, piece.length - CIPHER_BLOCK);
      this.#bytes.set(encryptor.update(piece), position);
    }
  }

  read(position: number, target: Uint8Array): void {
    target.set(this.#bytes.subarray(position, position + target.length));
  }

  close(): void {
    // The buffer stays for the thread's next segment.
  }
}

/**
 * The segment that `content` makes in this format. At most one encrypted source of a thread is in use at a time.
 * Throws RangeError when the content is longer than the format's capacity.
 */
export function openSegment(content: readonly FileSlice[], format: SegmentFormat): SegmentSource {
  const plain = new PlainSource(content);
  if (plain.zerosFrom > segmentCapacity(format))
    throw new RangeError(`${plain.zerosFrom} bytes are more than a segment holds`);
  if (format.name === "plain") return plain;
  try {
    return new EncryptedSource(plain, format.cipher);
  } finally {
    plain.close();
  }
}

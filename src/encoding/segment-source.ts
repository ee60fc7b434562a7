import type { SegmentFormat } from "../model/file.js";
import { segmentCapacity } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE, MIB, SEGMENT_SIZE } from "../model/sizes.js";
import { ChunkCipher } from "./chunk-cipher.js";
import type { FileSlice } from "./encoder.js";
import { CIPHER_BLOCK, segmentEncryptor } from "./segment-cipher.js";
import { SliceReader } from "./slice-reader.js";

/** The 32 MiB of a segment, readable at any position. */
export interface SegmentSource {
  /** From this byte on the segment is zeros, which are neither read nor coded. */
  readonly zerosFrom: number;
  /** Fills `target` with the bytes from `position` on. */
  read(position: number, target: Uint8Array): void;
  close(): void;
}

/** The slices as they are, then zeros. */
class PlainSource implements SegmentSource {
  readonly zerosFrom: number;
  private readonly slices: { readonly slice: FileSlice; readonly start: number }[] = [];
  private readonly reader = new SliceReader();

  constructor(content: readonly FileSlice[]) {
    let start = 0;
    for (const slice of content) {
      this.slices.push({ slice, start });
      start += slice.length;
    }
    this.zerosFrom = start;
  }

  read(position: number, target: Uint8Array): void {
    const end = position + target.length;
    for (const { slice, start } of this.slices) {
      const from = Math.max(position, start);
      const to = Math.min(end, start + slice.length);
      if (from < to) this.reader.read(slice, from - start, target.subarray(from - position, to - position));
    }
    if (end > this.zerosFrom) target.fill(0, Math.max(0, this.zerosFrom - position));
  }

  close(): void {
    this.reader.close();
  }
}

/**
 * CBC encrypts from front to back, but columns are read in parallel. So the ciphertext is kept: 32 MiB for each thread.
 */
let ciphertext: Buffer | undefined;

class CbcSource implements SegmentSource {
  readonly zerosFrom = SEGMENT_SIZE;
  private readonly bytes = (ciphertext ??= Buffer.allocUnsafeSlow(SEGMENT_SIZE));

  constructor(plaintext: SegmentSource, cipher: string) {
    const encryptor = segmentEncryptor(cipher);
    const piece = Buffer.allocUnsafe(MIB);
    for (let position = 0; position < SEGMENT_SIZE; position += piece.length) {
      plaintext.read(position, piece);
      // PKCS#7 of a full plaintext: one block of sixteen 16s.
      if (position + piece.length === SEGMENT_SIZE) piece.fill(CIPHER_BLOCK, piece.length - CIPHER_BLOCK);
      this.bytes.set(encryptor.update(piece), position);
    }
  }

  read(position: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(position, position + target.length));
  }

  close(): void {
    // The buffer stays for the thread's next segment.
  }
}

/** Chunks that are sealed when they are read. Whole chunks behind the content are zeros, as in a plain segment. */
class ChunkedSource implements SegmentSource {
  readonly zerosFrom: number;
  private readonly cipher: ChunkCipher;
  private readonly content = Buffer.allocUnsafe(CHUNK_CONTENT);

  constructor(
    private readonly plaintext: SegmentSource,
    private readonly format: SegmentFormat & { readonly name: "aes-256-gcm" },
  ) {
    this.zerosFrom = Math.ceil(plaintext.zerosFrom / CHUNK_CONTENT) * CHUNK_SIZE;
    this.cipher = new ChunkCipher(format.key);
  }

  read(position: number, target: Uint8Array): void {
    for (let at = 0; at < target.length;) {
      const chunk = Math.floor((position + at) / CHUNK_SIZE);
      const start = position + at - chunk * CHUNK_SIZE;
      const length = Math.min(CHUNK_SIZE - start, target.length - at);
      this.readChunk(chunk, start, target.subarray(at, at + length));
      at += length;
    }
  }

  close(): void {
    this.plaintext.close();
  }

  private readChunk(chunk: number, start: number, target: Uint8Array): void {
    if (chunk * CHUNK_SIZE >= this.zerosFrom) {
      target.fill(0);
      return;
    }
    this.plaintext.read(chunk * CHUNK_CONTENT, this.content);
    const whole = target.length === CHUNK_SIZE ? target : Buffer.allocUnsafe(CHUNK_SIZE);
    this.cipher.seal(this.format.first, chunk, this.content, whole);
    if (whole !== target) target.set(whole.subarray(start, start + target.length));
  }
}

/**
 * The segment that `content` becomes in this format. `format`: of a file that begins with this segment. A thread may
 * use one `cess-cbc` source at a time. Throws RangeError when the content exceeds the format's capacity.
 */
export function openSegment(content: readonly FileSlice[], format: SegmentFormat): SegmentSource {
  const plain = new PlainSource(content);
  if (plain.zerosFrom > segmentCapacity(format))
    throw new RangeError(`${plain.zerosFrom} bytes are more than a segment holds`);
  if (format.name === "plain") return plain;
  if (format.name === "aes-256-gcm") return new ChunkedSource(plain, format);
  try {
    return new CbcSource(plain, format.cipher);
  } finally {
    plain.close();
  }
}

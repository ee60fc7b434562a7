import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { stagedBytesDamaged } from "../model/damage.js";
import { ExpectedPieces, listBytes, PIECE_BYTES, type Checksummed } from "../streams/piece-checksums.js";
import type { FileSlice, StagedBlob } from "./encoder.js";

/** Checked pieces that are kept: a column of a segment begins and ends within a piece of each of four fragments. */
const KEPT_PIECES = 8;

/**
 * Reads slices of files. Those of blobs are checked piece by piece, before any byte of a piece is used: DomainError
 * `stagedBytesDamaged` for one that is not what was written, or not there. Reads are synchronous: a worker thread has
 * nothing else to do meanwhile.
 */
export class SliceReader {
  private readonly files = new Map<string, number>();
  private readonly checks = new Map<string, BlobCheck>();

  /** Fills `target` with the slice's bytes from `offset` on. */
  read(slice: FileSlice, offset: number, target: Uint8Array): void {
    const { path, blob } = slice;
    const file = this.open(slice);
    const position = slice.offset + offset;
    if (!blob) {
      const read = readFully(file, target, position);
      if (read < target.length) throw new Error(`${path} ends before byte ${position + target.length}`);
    } else this.check(blob, path, file).read(position - blob.offset, target);
  }

  close(): void {
    for (const file of this.files.values()) closeSync(file);
    this.files.clear();
    this.checks.clear();
  }

  private open({ path, offset, length, blob }: FileSlice): number {
    const known = this.files.get(path);
    if (known !== undefined) return known;
    try {
      const file = openSync(path, "r");
      this.files.set(path, file);
      return file;
    } catch (error) {
      // Without its folder nothing is there: a disk that is not mounted has lost nothing.
      if (!blob || !isMissing(error) || !existsSync(dirname(path))) throw error;
      const slices = [{ blob: blob.id, offset: offset - blob.offset, length }];
      throw stagedBytesDamaged({ kind: "stagedBytesDamaged", path, slices, why: "the file is missing" });
    }
  }

  private check(blob: StagedBlob, path: string, file: number): BlobCheck {
    const check = this.checks.get(blob.id) ?? new BlobCheck(blob, path, file);
    this.checks.set(blob.id, check);
    return check;
  }
}

/** One blob's bytes, checked. */
class BlobCheck {
  private expected: ExpectedPieces | undefined;
  /** By number; the one that was used last is at the end. */
  private readonly kept = new Map<number, Uint8Array>();

  constructor(
    private readonly blob: StagedBlob,
    private readonly path: string,
    private readonly file: number,
  ) {}

  /** Fills `target` with the blob's bytes from `start` on. */
  read(start: number, target: Uint8Array): void {
    const { checksummed, offset } = this.blob;
    if (!checksummed) {
      const read = readFully(this.file, target, offset + start);
      if (read < target.length) throw this.damage(start + read, target.length - read, "the file is too short");
      return;
    }
    const { length } = checksummed;
    const end = start + target.length;
    for (let at = start; at < end;) {
      const index = Math.floor(at / PIECE_BYTES);
      const whole = at % PIECE_BYTES === 0 ? wholePieces(at, end, length) : 0;
      if (whole > 0) this.readChecked(checksummed, index, target.subarray(at - start, at - start + whole));
      else {
        const piece = this.piece(checksummed, index);
        const from = at - index * PIECE_BYTES;
        target.set(piece.subarray(from, from + end - at), at - start);
      }
      at = whole > 0 ? at + whole : (index + 1) * PIECE_BYTES;
    }
  }

  private piece(checksummed: Checksummed, index: number): Uint8Array {
    let piece = this.kept.get(index);
    this.kept.delete(index);
    if (!piece) {
      const length = Math.min(PIECE_BYTES, checksummed.length - index * PIECE_BYTES);
      const [oldest] = this.kept.keys();
      const memory = this.kept.size >= KEPT_PIECES && oldest !== undefined ? this.kept.get(oldest) : undefined;
      if (memory && oldest !== undefined) this.kept.delete(oldest);
      piece = memory && memory.length >= length ? memory.subarray(0, length) : new Uint8Array(length);
      this.readChecked(checksummed, index, piece);
    }
    this.kept.set(index, piece);
    return piece;
  }

  /** Whole pieces from number `first` on. */
  private readChecked(checksummed: Checksummed, first: number, target: Uint8Array): void {
    const start = first * PIECE_BYTES;
    const read = readFully(this.file, target, this.blob.offset + start);
    if (read < target.length)
      throw this.damage(start + read, checksummed.length - start - read, "the file is too short");
    this.expected ??= this.expectations(checksummed);
    const wrong = this.expected.firstWrong(first, target);
    if (wrong === undefined) return;
    const at = wrong * PIECE_BYTES;
    const end = Math.min(at + PIECE_BYTES, checksummed.length);
    throw this.damage(at, end - at, `bytes ${at} to ${end} do not have their checksum`);
  }

  private expectations(checksummed: Checksummed): ExpectedPieces {
    const { length } = checksummed;
    const list = new Uint8Array(listBytes(length));
    const read = readFully(this.file, list, this.blob.offset + length);
    const expected = ExpectedPieces.of(checksummed, list.subarray(0, read));
    if (!expected) throw this.damage(0, length, `the checksums of bytes 0 to ${length} are damaged`);
    return expected;
  }

  private damage(offset: number, length: number, why: string): Error {
    const slices = [{ blob: this.blob.id, offset, length }];
    return stagedBytesDamaged({ kind: "stagedBytesDamaged", path: this.path, slices, why });
  }
}

/** Bytes from `at`, where a piece begins, to the end of the last piece that ends before `end`, or with the blob. */
function wholePieces(at: number, end: number, length: number): number {
  return end >= length ? length - at : Math.floor((end - at) / PIECE_BYTES) * PIECE_BYTES;
}

/** Returns how many bytes there were. */
function readFully(file: number, target: Uint8Array, position: number): number {
  let done = 0;
  for (let read = 1; read > 0 && done < target.length; done += read)
    read = readSync(file, target, done, target.length - done, position + done);
  return done;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

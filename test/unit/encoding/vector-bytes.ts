import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileSlice } from "../../../src/encoding/encoder.js";
import { segmentCapacity, type SegmentFormat } from "../../../src/model/file.js";

/** The vectors' input bytes: x = x * 1103515245 + 12345 mod 2^32 from x = seed, each byte bits 16…23 after the step. */
export function vectorBytes(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let x = seed | 0;
  for (let i = 0; i < size; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}

/** A fresh folder that goes when the test is over. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "cess-s3-test-"));

  /** Writes a file and returns its path. */
  write(name: string, bytes: Uint8Array): string {
    const path = join(this.path, name);
    const file = openSync(path, "w");
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    closeSync(file);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What each segment of a file holds. */
export function segmentSlices(path: string, size: number, format: SegmentFormat): FileSlice[][] {
  const capacity = segmentCapacity(format);
  return Array.from({ length: Math.ceil(size / capacity) }, (_, i) => [
    { path, offset: i * capacity, length: Math.min(capacity, size - i * capacity) },
  ]);
}

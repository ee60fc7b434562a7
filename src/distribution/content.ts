import type { Blobs } from "../blobs/blobs.js";
import type { FileRow } from "../catalog/catalog.js";
import type { FileSlice } from "../encoding/encoder.js";
import { slicesWithin } from "../model/byte-slices.js";
import { stagedBytesDamaged } from "../model/damage.js";
import type { DomainError } from "../model/errors.js";
import { PLAIN, segmentCapacity, type CessFile } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";

type StagedFile = Pick<CessFile, "size" | "format"> & { readonly blobs: readonly BlobSlice[] };

/** What a file's staged bytes are: its content, or, under repair, its segments as the network had them. */
export function stagedForm(row: FileRow): StagedFile {
  if (row.restored !== true) return row;
  return { format: PLAIN, size: row.blobs.reduce((sum, { length }) => sum + length, 0), blobs: row.blobs };
}

/** Runs `work` with the staged bytes that segment `index` of the file is made of, as worker threads can read them. */
export async function withSegment<T>(
  file: StagedFile,
  index: number,
  blobs: Pick<Blobs, "withLocal">,
  work: (content: readonly FileSlice[]) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return blobs.withLocal(segmentSlices(file, index), work, signal);
}

/** The error of a segment whose staged bytes can be read, and have not the hashes that the file was given. */
export function damagedSegment(file: StagedFile, index: number, blobs: Pick<Blobs, "where">): DomainError {
  const slices = segmentSlices(file, index);
  const [first] = slices;
  return stagedBytesDamaged({
    kind: "stagedBytesDamaged",
    path: first ? blobs.where(first.blob) : "",
    slices,
    why: `the bytes of segment ${index} do not have the hashes that they were coded with`,
  });
}

function segmentSlices(file: StagedFile, index: number): BlobSlice[] {
  const staged = file.blobs.reduce((sum, { length }) => sum + length, 0);
  if (staged < file.size) throw new Error(`only ${staged} of the file's ${file.size} bytes are staged`);
  const capacity = segmentCapacity(file.format);
  const range = { start: index * capacity, end: Math.min((index + 1) * capacity, file.size) };
  return slicesWithin(file.blobs, range);
}

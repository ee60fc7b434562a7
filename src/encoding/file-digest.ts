import { stat } from "node:fs/promises";
import { type SegmentFormat, type SegmentHashes, segmentCapacity, segmentCount } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { Encoder, Task } from "./encoder.js";
import { fidOf } from "./merkle.js";
import { ENCODER_DEFAULTS } from "./thread-encoder.js";

/** The FID and the hashes that a local file would have on CESS. */
export interface FileDigest {
  /** A file above 31.25 GiB is stored as several: then this is the root over all its segments. */
  readonly fid: Fid;
  /** Bytes. */
  readonly size: number;
  readonly segments: readonly SegmentHashes[];
}

export class EmptyFileError extends Error {}

/** Computes a local file's hashes. Throws EmptyFileError for the empty file, which CESS cannot store. */
export async function digestFile(
  encoder: Encoder,
  path: string,
  format: SegmentFormat,
  task?: Task,
  /** Called with the segments that are hashed so far. */
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<FileDigest> {
  const { size } = await stat(path);
  if (size === 0) throw new EmptyFileError("an empty file has no FID: it cannot be stored on CESS");
  const capacity = segmentCapacity(format);
  const segments = new Array<SegmentHashes>(segmentCount(size, format));
  const indexes = segments.keys();
  let done = 0;
  /** Two lanes for each thread, so that no thread waits for this loop. All lanes share the iterator. */
  const lane = async () => {
    for (const index of indexes) {
      const offset = index * capacity;
      const content = [{ path, offset, length: Math.min(capacity, size - offset) }];
      segments[index] = await encoder.hashSegment(content, format, task);
      onProgress(++done, segments.length);
    }
  };
  await Promise.all(Array.from({ length: 2 * ENCODER_DEFAULTS.threads }, lane));
  return { fid: fidOf(segments.map(({ hash }) => hash)), size, segments };
}

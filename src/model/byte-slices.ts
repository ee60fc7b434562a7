import type { ByteRange } from "./byte-range.js";

/** `length` bytes from byte `offset` of something. */
export interface ByteSlice {
  readonly offset: number;
  readonly length: number;
}

/** The slices that make up bytes `range` of the concatenated runs. */
export function slicesWithin<Run extends ByteSlice>(runs: readonly Run[], range: ByteRange): Run[] {
  const result: Run[] = [];
  let position = 0;
  for (const run of runs) {
    const start = Math.max(range.start, position);
    const end = Math.min(range.end, position + run.length);
    if (start < end) result.push({ ...run, offset: run.offset + start - position, length: end - start });
    position += run.length;
  }
  return result;
}

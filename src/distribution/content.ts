import type { Blobs } from "../blobs/blobs.js";
import type { FileSlice } from "../encoding/encoder.js";
import { segmentCapacity, type CessFile } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";

/** The slices of staged bytes that segment `index` of the file is made of, as worker threads can read them. */
export function segmentContent(
  file: Pick<CessFile, "size" | "format"> & { readonly blobs: readonly BlobSlice[] },
  index: number,
  blobs: Pick<Blobs, "locate">,
): FileSlice[] {
  const capacity = segmentCapacity(file.format);
  const start = index * capacity;
  const end = Math.min(start + capacity, file.size);
  const slices: FileSlice[] = [];
  let position = 0;
  for (const { blob, offset, length } of file.blobs) {
    const from = Math.max(start, position);
    const to = Math.min(end, position + length);
    if (from < to) slices.push(blobs.locate({ blob, offset: offset + from - position, length: to - from }));
    position += length;
  }
  if (position < file.size) throw new Error(`only ${position} of the file's ${file.size} bytes are staged`);
  return slices;
}

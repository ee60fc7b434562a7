import { createHash } from "node:crypto";
import { segmentCapacity, type SegmentFormat } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";

/** Cuts content into the slices of each of its segments; only the last one may hold less than the format's capacity. */
export function cutSegments(content: readonly BlobSlice[], format: SegmentFormat): BlobSlice[][] {
  const capacity = segmentCapacity(format);
  const segments: BlobSlice[][] = [];
  let current: BlobSlice[] = [];
  let room = capacity;
  for (const { blob, ...slice } of content) {
    let { offset, length } = slice;
    while (length > 0) {
      const taken = Math.min(length, room);
      current.push({ blob, offset, length: taken });
      offset += taken;
      length -= taken;
      room -= taken;
      if (room > 0) continue;
      segments.push(current);
      current = [];
      room = capacity;
    }
  }
  if (current.length > 0) segments.push(current);
  return segments;
}

export function slicesLength(slices: readonly BlobSlice[]): number {
  return slices.reduce((sum, { length }) => sum + length, 0);
}

/** Concatenates the segments' slices. Adjacent slices of a blob are joined. */
export function joinSlices(segments: readonly (readonly BlobSlice[])[]): BlobSlice[] {
  const joined: BlobSlice[] = [];
  for (const slice of segments.flat()) {
    const last = joined.at(-1);
    if (last?.blob === slice.blob && last.offset + last.length === slice.offset) {
      joined[joined.length - 1] = { ...last, length: last.length + slice.length };
    } else joined.push(slice);
  }
  return joined;
}

/**
 * Identifies these bytes in this format. Blobs are immutable and their ids are never reused, so equal names mean equal
 * hashes. It is a digest because a segment may have thousands of slices, and a format may hold a secret.
 */
export function segmentSource(slices: readonly BlobSlice[], format: SegmentFormat): string {
  const secret = format.name === "cess-cbc" ? format.cipher : format.name === "aes-256-gcm" ? (format.key ?? "") : "";
  const text = JSON.stringify([format.name, secret, slices.map(({ blob, offset, length }) => [blob, offset, length])]);
  return createHash("sha256").update(text).digest("hex");
}

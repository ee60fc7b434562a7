import type { Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Encoder, Task } from "../encoding/encoder.js";
import { formatFrom, type SegmentFormat, type SegmentHashes } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";
import { segmentSource } from "./segment-slices.js";

export interface PreparerComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly encoder: Encoder;
}

/** Segment `index` of `subject`, the slices it is made of, and the format of the whole. */
export interface WantedSegment {
  readonly subject: string;
  readonly index: number;
  readonly slices: readonly BlobSlice[];
  readonly format: SegmentFormat;
}

/** Hashes one segment and, if asked to, saves the result in the catalog. */
export class SegmentPreparer {
  constructor(private readonly components: PreparerComponents) {}

  async prepare(wanted: WantedSegment, save: boolean, task: Task): Promise<SegmentHashes> {
    const { catalog, blobs, encoder } = this.components;
    const unpin = blobs.pin([...new Set(wanted.slices.map(({ blob }) => blob))]);
    try {
      const content = wanted.slices.map(({ blob, offset, length }) => ({ path: blobs.locate(blob), offset, length }));
      const hashes = await encoder.hashSegment(content, formatFrom(wanted.format, wanted.index), task);
      if (save) {
        await catalog.preparations.save(wanted.subject, wanted.index, segmentSource(wanted.slices, wanted.format), hashes);
      }
      return hashes;
    } finally {
      unpin();
    }
  }
}

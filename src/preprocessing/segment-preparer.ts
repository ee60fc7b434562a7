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
  /** Segments that threads are working on. Callers that want the same segment of the same bytes share the result. */
  private readonly begun = new Map<string, Promise<SegmentHashes>>();

  constructor(private readonly components: PreparerComponents) {}

  async prepare(wanted: WantedSegment, save: boolean, task: Task): Promise<SegmentHashes> {
    const source = segmentSource(wanted.slices, wanted.format);
    const key = `${wanted.subject}/${wanted.index}/${source}`;
    const found = await this.begun.get(key)?.catch(() => undefined);
    if (found) return found;
    const onStart = () => {
      this.begun.set(key, work);
      task.onStart?.();
    };
    const work = Promise.resolve().then(() => this.hash(wanted, save ? source : undefined, { ...task, onStart }));
    try {
      return await work;
    } finally {
      if (this.begun.get(key) === work) this.begun.delete(key);
    }
  }

  private async hash(
    { subject, index, slices, format }: WantedSegment,
    savedAs: string | undefined,
    task: Task,
  ): Promise<SegmentHashes> {
    const { catalog, blobs, encoder } = this.components;
    const unpin = blobs.pin([...new Set(slices.map(({ blob }) => blob))]);
    try {
      const content = slices.map((slice) => blobs.locate(slice));
      const hashes = await encoder.hashSegment(content, formatFrom(format, index), task);
      if (savedAs !== undefined) await catalog.preparations.save(subject, index, savedAs, hashes);
      return hashes;
    } finally {
      unpin();
    }
  }
}

import type { Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Encoder, FileSlice, Task } from "../encoding/encoder.js";
import { formatFrom, type SegmentFormat, type SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
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
    const { catalog, encoder } = this.components;
    const hashed = async () => {
      const hash = (content: readonly FileSlice[], format: SegmentFormat) =>
        encoder.hashSegment(content, format, { ...task, onStart });
      const hashes = await this.pinned(wanted, hash, task.signal);
      if (save) await catalog.preparations.save(wanted.subject, wanted.index, source, hashes);
      return hashes;
    };
    const work = Promise.resolve().then(hashed);
    try {
      return await work;
    } finally {
      if (this.begun.get(key) === work) this.begun.delete(key);
    }
  }

  /** The segment's own hash, which is not saved. Sooner there than one that a thread prepares already. */
  hash(wanted: WantedSegment, task: Task): Promise<Hash> {
    return this.pinned(
      wanted,
      (content, format) => this.components.encoder.segmentHash(content, format, task),
      task.signal,
    );
  }

  /** Only checks the segment's bytes. */
  check(wanted: WantedSegment, task: Task): Promise<void> {
    return this.pinned(wanted, (content) => this.components.encoder.check(content, task), task.signal);
  }

  private async pinned<T>(
    { index, slices, format }: WantedSegment,
    work: (content: readonly FileSlice[], format: SegmentFormat) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { blobs } = this.components;
    const unpin = blobs.pin([...new Set(slices.map(({ blob }) => blob))]);
    try {
      return await blobs.withLocal(slices, (content) => work(content, formatFrom(format, index)), signal);
    } finally {
      unpin();
    }
  }
}

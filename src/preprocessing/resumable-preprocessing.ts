import { availableParallelism } from "node:os";
import type { NewFile } from "../catalog/catalog.js";
import { fidOf } from "../encoding/merkle.js";
import {
  formatFrom,
  PLAIN,
  segmentCapacity,
  segmentCount,
  type CessFile,
  type SegmentFormat,
  type SegmentHashes,
} from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import { MAX_SEGMENTS_PER_FILE } from "../model/sizes.js";
import type { FileSettings, Preprocessing } from "./preprocessing.js";
import { SegmentPreparer, type PreparerComponents } from "./segment-preparer.js";
import { cutSegments, joinSlices, segmentSource, slicesLength } from "./segment-slices.js";
import { UploadPreparation } from "./upload-preparation.js";

export const PREPROCESSING_DEFAULTS = {
  /** Segments of one subject in the encoder at a time. Their 32 MiB are on disk, not in memory. */
  parallelSegments: availableParallelism(),
  /** Uploads prepared in the background at a time; each has one segment in the encoder. */
  parallelUploads: availableParallelism(),
  /** Uploads that may wait for background preparation. Others are prepared when they are completed. */
  maxWaiting: 1_000,
  /** Uploads whose progress is kept in memory. */
  maxRemembered: 256,
  /** The chain's limit; smaller in tests only. */
  maxSegmentsPerFile: MAX_SEGMENTS_PER_FILE,
};
export type PreprocessingSettings = typeof PREPROCESSING_DEFAULTS;

export interface PreprocessingComponents extends PreparerComponents {
  /** Called with the reason when background preparation of an upload ends early. Nothing needs to be done. */
  readonly onFault?: (error: unknown) => void;
}

/** Preprocessing that continues after a restart: each finished segment is saved before the next one starts. */
export class ResumablePreprocessing implements Preprocessing {
  private readonly settings: PreprocessingSettings;
  private readonly preparer: SegmentPreparer;
  private readonly background: UploadPreparation;
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly components: PreprocessingComponents,
    settings: Partial<PreprocessingSettings> = {},
  ) {
    this.settings = { ...PREPROCESSING_DEFAULTS, ...settings };
    this.preparer = new SegmentPreparer(components);
    const onFault = components.onFault ?? (() => undefined);
    this.background = new UploadPreparation(
      { catalog: components.catalog, preparer: this.preparer, onFault },
      this.settings,
    );
  }

  files(
    subject: string,
    content: readonly BlobSlice[],
    settings: FileSettings,
    signal?: AbortSignal,
  ): Promise<NewFile[]> {
    return this.over(content, () => this.prepareFiles(subject, content, settings, signal));
  }

  rootOf(
    subject: string,
    content: readonly BlobSlice[],
    { format }: Pick<FileSettings, "format">,
    signal?: AbortSignal,
  ): Promise<Fid> {
    return this.over(content, () => this.hashRoot(subject, cutSegments(content, format), format, signal));
  }

  check(subject: string, content: readonly BlobSlice[], signal?: AbortSignal): Promise<void> {
    return this.over(content, async () => {
      const segments = cutSegments(content, PLAIN);
      await this.eachSegment(
        segments,
        [],
        (slices, index, ended) =>
          this.preparer.check({ subject, index, slices, format: PLAIN }, { signal: ended }).then(() => true),
        signal,
      );
    });
  }

  root(files: readonly CessFile[]): Fid {
    return fidOf(files.flatMap(({ segments }) => segments.map(({ hash }) => hash)));
  }

  advance(upload: string, format: SegmentFormat, part: number): void {
    this.background.advance(upload, format, part);
  }

  forget(upload: string): void {
    this.background.forget(upload);
  }

  async close(): Promise<void> {
    this.closing.abort(new Error("preprocessing is closed"));
    await Promise.all([this.background.close(), ...this.running]);
  }

  /** The blobs stay readable until the work is done, even if they are removed meanwhile. `close` waits for it. */
  private async over<T>(content: readonly BlobSlice[], work: () => Promise<T>): Promise<T> {
    const unpin = this.components.blobs.pin([...new Set(content.map(({ blob }) => blob))]);
    const result = work();
    const settled = result.then(unpin, unpin);
    this.running.add(settled);
    try {
      return await result;
    } finally {
      this.running.delete(settled);
    }
  }

  private async prepareFiles(
    subject: string,
    content: readonly BlobSlice[],
    settings: FileSettings,
    signal?: AbortSignal,
  ): Promise<NewFile[]> {
    const { format, priority } = settings;
    const segments = cutSegments(content, format);
    // A single segment is not saved: computing it again is as quick as reading it back.
    const save = segments.length > 1;
    const giveBack = await this.background.take(subject);
    try {
      const hashes = await this.eachSegment(
        segments,
        await this.saved(subject, segments, format),
        (slices, index, signal) =>
          this.preparer.prepare({ subject, index, slices, format }, save, { priority, signal }),
        signal,
      );
      return this.assemble(segments, hashes, settings);
    } finally {
      await giveBack();
    }
  }

  private async hashRoot(
    subject: string,
    segments: readonly BlobSlice[][],
    format: SegmentFormat,
    signal?: AbortSignal,
  ): Promise<Fid> {
    const saved = await this.saved(subject, segments, format);
    const hashes = await this.eachSegment(
      segments,
      [],
      async (slices, index, signal) => {
        const segment = { subject, index, slices, format };
        const known = saved[index]?.hash;
        if (known === undefined) return this.preparer.hash(segment, { signal });
        await this.preparer.check(segment, { signal });
        return known;
      },
      signal,
    );
    return fidOf(hashes);
  }

  /** Does the work on all segments but those whose result is among the `known`. */
  private async eachSegment<T>(
    segments: readonly BlobSlice[][],
    known: readonly T[],
    work: (slices: readonly BlobSlice[], index: number, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T[]> {
    const results = [...known];
    const failing = new AbortController();
    const ended = AbortSignal.any([this.closing.signal, failing.signal, ...(signal ? [signal] : [])]);
    let next = 0;
    const line = async (): Promise<void> => {
      while (next < segments.length) {
        const index = next++;
        const slices = segments[index];
        if (!slices || results[index] !== undefined) continue;
        ended.throwIfAborted();
        results[index] = await work(slices, index, ended);
      }
    };
    const lines = Array.from({ length: Math.min(this.settings.parallelSegments, segments.length) }, () =>
      line().catch((error: unknown) => {
        failing.abort(error);
        throw error;
      }),
    );
    // Before this call rejects, all its work must have ended, because the blobs are unpinned then.
    const failed = (await Promise.allSettled(lines)).some(({ status }) => status === "rejected");
    if (failed) ended.throwIfAborted();
    return results;
  }

  private async saved(
    subject: string,
    segments: readonly BlobSlice[][],
    format: SegmentFormat,
  ): Promise<SegmentHashes[]> {
    const hashes: SegmentHashes[] = [];
    // Nothing is prepared of an object that has no whole segment.
    if (slicesLength(segments[0] ?? []) < segmentCapacity(format)) return hashes;
    for (const { index, source, hashes: found } of await this.components.catalog.preparations.all(subject)) {
      const slices = segments[index];
      if (slices && segmentSource(slices, format) === source) hashes[index] = found;
    }
    return hashes;
  }

  private assemble(
    segments: readonly BlobSlice[][],
    hashes: readonly SegmentHashes[],
    { format, territory }: FileSettings,
  ): NewFile[] {
    const files: NewFile[] = [];
    for (let first = 0; first < segments.length; first += this.settings.maxSegmentsPerFile) {
      const own = segments.slice(first, first + this.settings.maxSegmentsPerFile);
      const ownHashes = hashes.slice(first, first + own.length);
      const size = slicesLength(own.flat());
      if (ownHashes.length !== segmentCount(size, format)) throw new Error("a segment was not prepared");
      files.push({
        fid: fidOf(ownHashes.map(({ hash }) => hash)),
        size,
        format: formatFrom(format, first),
        territory,
        segments: ownHashes,
        blobs: joinSlices(own),
      });
    }
    return files;
  }
}

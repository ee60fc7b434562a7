import { availableParallelism } from "node:os";
import type { NewFile } from "../catalog/catalog.js";
import type { Task } from "../encoding/encoder.js";
import { fidOf } from "../encoding/merkle.js";
import {
  formatFrom,
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
import { SegmentPreparer, type PreparerComponents, type WantedSegment } from "./segment-preparer.js";
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

  async files(
    subject: string,
    content: readonly BlobSlice[],
    settings: FileSettings,
    signal?: AbortSignal,
  ): Promise<NewFile[]> {
    const segments = cutSegments(content, settings.format);
    // A single segment is not saved: computing it again is as quick as reading it back.
    const save = segments.length > 1;
    const hashes = await this.track(
      this.hashAll(subject, segments, settings, (wanted, task) => this.preparer.prepare(wanted, save, task), signal),
    );
    return this.assemble(segments, hashes, settings);
  }

  async rootOf(
    subject: string,
    content: readonly BlobSlice[],
    settings: Omit<FileSettings, "territory">,
    signal?: AbortSignal,
  ): Promise<Fid> {
    const segments = cutSegments(content, settings.format);
    const hashes = await this.track(
      this.hashAll<Pick<SegmentHashes, "hash">>(
        subject,
        segments,
        settings,
        (wanted, task) => this.preparer.hash(wanted, task),
        signal,
      ),
    );
    return fidOf(hashes.map(({ hash }) => hash));
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

  /** `close` waits for this work. */
  private async track<T>(work: Promise<T>): Promise<T> {
    const settled = work.catch(() => undefined);
    this.running.add(settled);
    try {
      return await work;
    } finally {
      this.running.delete(settled);
    }
  }

  /** What is saved of the segments, and what `hash` gives for the others. */
  private async hashAll<Hashes extends Pick<SegmentHashes, "hash">>(
    subject: string,
    segments: readonly BlobSlice[][],
    { format, priority }: Omit<FileSettings, "territory">,
    hash: (wanted: WantedSegment, task: Task) => Promise<Hashes>,
    signal?: AbortSignal,
  ): Promise<(Hashes | SegmentHashes)[]> {
    // The blobs stay readable until the last segment is done, even if they are removed meanwhile.
    const unpin = this.components.blobs.pin([...new Set(segments.flat().map(({ blob }) => blob))]);
    const giveBack = await this.background.take(subject);
    try {
      const hashes: (Hashes | SegmentHashes)[] = await this.saved(subject, segments, format);
      const failing = new AbortController();
      const ends = [this.closing.signal, failing.signal, ...(signal ? [signal] : [])];
      const task = { priority, signal: AbortSignal.any(ends) };
      let next = 0;
      const line = async (): Promise<void> => {
        while (next < segments.length) {
          const index = next++;
          const slices = segments[index];
          if (!slices || hashes[index]) continue;
          task.signal.throwIfAborted();
          hashes[index] = await hash({ subject, index, slices, format }, task);
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
      if (failed) task.signal.throwIfAborted();
      return hashes;
    } finally {
      await giveBack();
      unpin();
    }
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

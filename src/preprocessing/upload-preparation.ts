import { LRUCache } from "lru-cache";
import type { Catalog } from "../catalog/catalog.js";
import type { SegmentFormat } from "../model/file.js";
import type { SegmentPreparer } from "./segment-preparer.js";
import { segmentSource } from "./segment-slices.js";
import { segmentAt, UPLOAD_START, type UploadCursor } from "./upload-cursor.js";

export interface UploadPreparationComponents {
  readonly catalog: Catalog;
  readonly preparer: SegmentPreparer;
  readonly onFault: (error: unknown) => void;
}

export interface UploadPreparationSettings {
  /** Uploads prepared at a time; each has one segment in work. */
  readonly parallelUploads: number;
  /** Uploads that may wait. Others are prepared when they are completed. */
  readonly maxWaiting: number;
  /** Uploads whose progress is kept in memory. The catalog knows the progress of all. */
  readonly maxRemembered: number;
}

/** How far the preparation of an upload is. */
interface Progress {
  cursor: UploadCursor;
  /** The highest part used by segments before the cursor or by the one in work. */
  seen: number;
  /** The lowest part that arrived since the cursor last moved. */
  arrived: number;
  /** Segment index → source of the prepared segment; undefined until it is read from the catalog. */
  sources: Map<number, string> | undefined;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
  /** A thread works on the segment. That does not stop when the work is aborted. */
  begun: boolean;
}

/**
 * Prepares the whole segments that parts 1…k of an upload cover while later parts arrive: one segment at a time for
 * each upload, a few uploads at a time. This only saves time later, so a failure just ends it.
 */
export class UploadPreparation {
  /** Uploads whose parts changed since their last turn, in order of arrival. */
  private readonly waiting = new Map<string, SegmentFormat>();
  private readonly running = new Map<string, Running>();
  /** Uploads that are being completed: `files` prepares their segments now. */
  private readonly taken = new Map<string, number>();
  private readonly progress: LRUCache<string, Progress>;
  private closed = false;

  constructor(
    private readonly components: UploadPreparationComponents,
    private readonly settings: UploadPreparationSettings,
  ) {
    this.progress = new LRUCache({ max: settings.maxRemembered });
  }

  /** `part` has arrived. If segments were made of an older version of it, the cursor goes back to the start. */
  advance(upload: string, format: SegmentFormat, part: number): void {
    if (this.closed) return;
    const progress = this.progressOf(upload);
    progress.arrived = Math.min(progress.arrived, part);
    this.enqueue(upload, format);
  }

  /** Stops the work on this upload and resolves when it has ended. Saved segments stay. */
  async stop(upload: string): Promise<void> {
    this.waiting.delete(upload);
    const running = this.running.get(upload);
    running?.abort.abort(new Error("the upload is completed or aborted"));
    await running?.done;
  }

  forget(upload: string): void {
    this.progress.delete(upload);
    void this.stop(upload);
  }

  /**
   * Starts no more segments of this upload until the returned function is called, which resolves when none is in work.
   * A segment that a thread has started is finished, since the caller needs it, too. A queued one is dropped: it would
   * wait behind all other background work.
   */
  async take(upload: string): Promise<() => Promise<void>> {
    this.taken.set(upload, (this.taken.get(upload) ?? 0) + 1);
    if (this.running.get(upload)?.begun === false) await this.stop(upload);
    this.waiting.delete(upload);
    return async () => {
      await this.running.get(upload)?.done;
      const left = (this.taken.get(upload) ?? 1) - 1;
      if (left > 0) this.taken.set(upload, left);
      else this.taken.delete(upload);
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.waiting.clear();
    await Promise.all([...this.running.keys()].map((upload) => this.stop(upload)));
  }

  private enqueue(upload: string, format: SegmentFormat): void {
    if (this.closed || this.taken.has(upload)) return;
    if (this.waiting.size >= this.settings.maxWaiting && !this.waiting.has(upload)) return;
    this.waiting.set(upload, format);
    this.startNext();
  }

  private startNext(): void {
    for (const [upload, format] of this.waiting) {
      if (this.running.size >= this.settings.parallelUploads) return;
      if (this.running.has(upload)) continue;
      this.waiting.delete(upload);
      const abort = new AbortController();
      const done = Promise.resolve()
        .then(() => this.work(upload, format, running))
        .finally(() => {
          this.running.delete(upload);
          this.startNext();
        });
      const running: Running = { abort, done, begun: false };
      this.running.set(upload, running);
    }
  }

  private async work(upload: string, format: SegmentFormat, running: Running): Promise<void> {
    const { signal } = running.abort;
    try {
      const progress = this.progressOf(upload);
      progress.sources ??= await this.savedSources(upload);
      while (!this.taken.has(upload) && (await this.step(upload, format, progress, progress.sources, running))) {
        // Other uploads wait: this one goes to the end of the queue.
        if (this.waiting.size > 0) {
          this.enqueue(upload, format);
          return;
        }
      }
    } catch (error) {
      // Not after an abort. If a part was replaced meanwhile, its `advance` follows.
      if (!signal.aborted) this.components.onFault(error);
    }
  }

  /** Prepares the segment at the cursor unless it is prepared already. False while its parts are missing. */
  private async step(
    upload: string,
    format: SegmentFormat,
    progress: Progress,
    sources: Map<number, string>,
    running: Running,
  ): Promise<boolean> {
    const { signal } = running.abort;
    signal.throwIfAborted();
    if (progress.arrived <= progress.seen) Object.assign(progress, { cursor: UPLOAD_START, seen: 0 });
    progress.arrived = Infinity;
    const { index } = progress.cursor;
    const found = await segmentAt(this.components.catalog, upload, progress.cursor, format);
    if (!found) return false;
    const { slices, next } = found;
    progress.seen = next.offset > 0 ? next.part + 1 : next.part;
    const source = segmentSource(slices, format);
    if (sources.get(index) !== source) {
      const onStart = () => (running.begun = true);
      await this.components.preparer.prepare({ subject: upload, index, slices, format }, true, {
        priority: "background",
        signal,
        onStart,
      });
      running.begun = false;
      sources.set(index, source);
    }
    progress.cursor = next;
    return !signal.aborted;
  }

  private progressOf(upload: string): Progress {
    const known = this.progress.get(upload);
    if (known) return known;
    const progress = { cursor: UPLOAD_START, seen: 0, arrived: Infinity, sources: undefined };
    this.progress.set(upload, progress);
    return progress;
  }

  private async savedSources(upload: string): Promise<Map<number, string>> {
    const saved = await this.components.catalog.preparations.all(upload);
    return new Map(saved.map(({ index, source }) => [index, source]));
  }
}

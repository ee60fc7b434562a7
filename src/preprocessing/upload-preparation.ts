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
  /** Uploads worked on at one time, each on one segment. */
  readonly parallelUploads: number;
  /** Uploads that wait; one more is prepared when it is completed instead. */
  readonly maxWaiting: number;
  /** Uploads whose progress is remembered in memory; the catalog knows of all. */
  readonly maxRemembered: number;
}

/** How far the preparation of an upload is. */
interface Progress {
  cursor: UploadCursor;
  /** The highest part that segments before the cursor, or the one in work, are made of. */
  seen: number;
  /** The lowest part that came since the cursor last moved. */
  arrived: number;
  /** Segment index → source of what is prepared; undefined until it is read. */
  sources: Map<number, string> | undefined;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
  /** A thread is at work on its segment, which does not stop when the work is aborted. */
  begun: boolean;
}

/**
 * Prepares the whole segments that parts 1…k of an upload cover while later parts arrive: one segment at a time for
 * each upload, a few uploads at a time. It only ever saves time, so whatever goes wrong ends it quietly.
 */
export class UploadPreparation {
  /** Uploads whose parts changed since they were last looked at, in the order they asked. */
  private readonly waiting = new Map<string, SegmentFormat>();
  private readonly running = new Map<string, Running>();
  /** Uploads being completed: their segments are somebody else's work now. */
  private readonly taken = new Map<string, number>();
  private readonly progress: LRUCache<string, Progress>;
  private closed = false;

  constructor(
    private readonly components: UploadPreparationComponents,
    private readonly settings: UploadPreparationSettings,
  ) {
    this.progress = new LRUCache({ max: settings.maxRemembered });
  }

  /** `part` is the one that came: when segments were made of an older one, the cursor goes back to the start. */
  advance(upload: string, format: SegmentFormat, part: number): void {
    if (this.closed) return;
    const progress = this.progressOf(upload);
    progress.arrived = Math.min(progress.arrived, part);
    this.enqueue(upload, format);
  }

  /** Stops the work on this upload; what is saved stays. Resolves when none of it runs any more. */
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
   * Begins no more segments of this upload until the returned function is called, which resolves when none is in work.
   * One that a thread has begun is finished: whoever took the upload needs it, too. One that waits is not: it would
   * wait behind everybody else's.
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
        // Fair to the others: the next segment waits for its turn behind them.
        if (this.waiting.size > 0) {
          this.enqueue(upload, format);
          return;
        }
      }
    } catch (error) {
      // Aborted, or a part was replaced under our hands: its own `advance` comes after it.
      if (!signal.aborted) this.components.onFault(error);
    }
  }

  /** Prepares the segment at the cursor if need be; false when it is not there yet. */
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

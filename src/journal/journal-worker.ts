import type { Logger } from "pino";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs } from "../blobs/blobs.js";
import type {
  Catalog,
  Journal,
  JournalCursor,
  JournalState,
  JournalUnit,
  KnownJournal,
  NewFile,
} from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { PLAIN } from "../model/file.js";
import type { Preprocessing } from "../preprocessing/preprocessing.js";
import type { JournalFence } from "./journal-fence.js";
import { compressed, type JournalEnd, type JournalHead } from "./journal-text.js";
import { sealed } from "./sealed-journal.js";

export const JOURNAL_DEFAULTS = {
  /** Changes wait so long for a journal, ms. */
  maxAgeMs: 900_000,
  /** The time between two looks, ms. */
  lookMs: 1_000,
  /** Units that are read in one transaction: others wait for it. */
  pageUnits: 500,
  /** A journal that has so many units ends, and another one goes on. */
  maxUnits: 5_000_000,
  /** A snapshot takes the place of journals that have so many segments of 32 MiB, or as many as the last snapshot. */
  segmentsBetweenSnapshots: 4,
};
export type JournalSettings = typeof JOURNAL_DEFAULTS;

export interface JournalComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly preprocessing: Preprocessing;
  /** What seals journals: derived from the master keys for JOURNAL_KEYS. The first one seals. */
  readonly keys: readonly Uint8Array[];
  /** Who pays for journals and owns them on the chain; undefined: nobody yet. */
  readonly account: () => Account | undefined;
  /** The newest migration of the catalog, which journals name. */
  readonly schema: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "info">;
  /** Whether another gateway goes on in the place of this one. */
  readonly fence: Pick<JournalFence, "isFresh" | "look">;
  /** Wakes the worker of this name (Supervisor.wake). */
  readonly wake: (worker: string) => void;
}

/** A gateway that was seen so lately may be running, ms. */
const RUNNING_MS = 60_000;

/**
 * Writes what has changed in the catalog into journals on CESS, one at a time: the next one when the network has the one
 * before. A journal ends with a page that leaves no change: so whoever replays the journals gets, with each of them, a
 * state that the catalog once had, although none of them is read in one transaction. From time to time a snapshot begins
 * with all there is, and older journals go.
 */
export class JournalWorker implements Worker {
  readonly name = "journal";
  private readonly settings: JournalSettings;
  /** What has changed is to be written whatever its age. */
  private flushing = false;
  /** Nothing is begun before: a journal has just failed. */
  private restUntil = -Infinity;

  constructor(
    private readonly components: JournalComponents,
    settings: Partial<JournalSettings> = {},
  ) {
    this.settings = { ...JOURNAL_DEFAULTS, ...settings };
  }

  /** Begins a journal with what has changed until now, whatever its age. */
  flush(): void {
    this.flushing = true;
    this.restUntil = -Infinity;
    this.components.wake(this.name);
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { catalog, fence } = this.components;
    const { journal } = catalog;
    if (!fence.isFresh && !(await fence.look())) return this.later();
    const journals = await journal.journals();
    if (await this.settle(journals)) return { kind: "busy" };
    if (journals.at(-1)?.state === "ordered") return this.later();
    const state = await journal.look();
    // There is nothing to flush.
    if (state.changedAt === undefined) this.flushing = false;
    if (!this.isDue(state) || (await this.olderRun())) return this.later();
    const account = this.components.account();
    if (!account || !(await fence.look())) return this.later();
    await this.write(state, journals, account, signal);
    return { kind: "busy" };
  }

  private later(): Progress {
    return { kind: "idle", until: this.components.clock.now() + this.settings.lookMs };
  }

  private isDue({ changedAt, claimDue }: JournalState): boolean {
    const now = this.components.clock.now();
    if (now < this.restUntil) return false;
    if (claimDue) return true;
    if (changedAt === undefined) return false;
    return this.flushing || now - changedAt >= this.settings.maxAgeMs;
  }

  /** Programs that do not know of journals would take their files for ones that nobody needs. */
  private async olderRun(): Promise<boolean> {
    const { catalog, clock } = this.components;
    const gateways = await catalog.gateways.list();
    return gateways.some(({ schema, seenAt }) => schema < "0028" && seenAt > clock.now() - RUNNING_MS);
  }

  /** What has become of journals. Resolves whether there was something to do. */
  private async settle(journals: readonly KnownJournal[]): Promise<boolean> {
    const { catalog, log, clock } = this.components;
    const gone = journals.find(({ file }) => !file || file.state === "failed");
    if (gone) {
      log.warn({ journal: gone.number, failure: gone.file?.failure }, "a journal is lost, and is written again");
      await catalog.journal.drop(gone.number);
      this.restUntil = clock.now() + this.settings.maxAgeMs;
      return true;
    }
    const arrived = journals.find(({ state, file }) => state === "ordered" && file?.state === "stored");
    if (arrived) {
      await catalog.journal.stored(arrived.number);
      // Of journals that it has replaced.
      this.components.wake("delete");
      return true;
    }
    const whole = journals.findLast(({ state, whole }) => state === "stored" && whole);
    if (!whole) return false;
    if (!(await catalog.journal.forget(whole.number, 10 * this.settings.pageUnits))) {
      // Deletions wait for it.
      await catalog.jobs.wakeAll("delete");
      this.components.wake("delete");
    }
    return true;
  }

  private async write(
    state: JournalState,
    journals: readonly KnownJournal[],
    { id: owner, territory }: Account,
    signal: AbortSignal,
  ): Promise<void> {
    const { blobs, catalog, keys, preprocessing, log, clock } = this.components;
    const snapshot = state.snapshotDue || this.isHeavy(journals);
    this.flushing = false;
    const number = await catalog.journal.begin();
    const head: JournalHead = {
      type: "cess-s3-journal",
      version: 1,
      stream: state.stream,
      number,
      snapshot,
      previous: journals.at(-1)?.fid ?? null,
      schema: this.components.schema,
      begunAt: new Date(clock.now()).toISOString(),
    };
    const made = { units: 0, whole: false, readAt: 0 };
    const blob = await blobs.write(sealed(keys, compressed(this.lines(head, made, signal))), { signal });
    try {
      const content = [{ blob: blob.id, offset: 0, length: blob.size }];
      const settings = { format: PLAIN, territory, priority: "background" } as const;
      const [file, ...others] = await preprocessing.files(blob.id, content, settings, signal);
      if (!file || others.length > 0) throw new Error("a journal did not become one file");
      await catalog.preparations.clear(blob.id);
      blobs.requireFresh([blob.id]);
      await this.order(file, { number, snapshot, ...made, bytes: blob.size }, owner);
      log.info({ journal: number, snapshot, units: made.units, bytes: blob.size }, "a journal is on its way");
      this.components.wake("store");
    } finally {
      blobs.settle([blob.id]);
      await blobs.remove(await catalog.orphans([blob.id]));
    }
  }

  private order(file: NewFile, journal: Omit<Journal, "fid" | "segments">, owner: string): Promise<void> {
    const { fid, segments } = file;
    return this.components.catalog.journal.order({ ...journal, fid, segments: segments.length }, file, owner);
  }

  /** Whether the journals since the last snapshot are as much as that, so that a new one costs no more than they do. */
  private isHeavy(journals: readonly KnownJournal[]): boolean {
    const base = journals.findLast(({ snapshot }) => snapshot);
    const since = journals.filter(({ number }) => number > (base?.number ?? 0));
    const segments = since.reduce((sum, journal) => sum + journal.segments, 0);
    return segments >= Math.max(this.settings.segmentsBetweenSnapshots, base?.segments ?? 0);
  }

  private async *lines(
    head: JournalHead,
    made: { units: number; whole: boolean; readAt: number },
    signal: AbortSignal,
  ): AsyncGenerator<JournalHead | JournalUnit | JournalEnd, void> {
    const { catalog, clock } = this.components;
    const { pageUnits, maxUnits } = this.settings;
    yield head;
    const read = async function* (page: (after: JournalCursor | undefined) => ReturnType<typeof catalog.journal.all>) {
      for (let after: JournalCursor | undefined; ;) {
        signal.throwIfAborted();
        made.readAt = clock.now();
        const { units, next } = await page(after);
        made.units += units.length;
        yield* units;
        if (!next) return after === undefined;
        after = next;
      }
    };
    if (head.snapshot) {
      while (await catalog.journal.cover(head.number, 10 * pageUnits)) signal.throwIfAborted();
      yield* read((after) => catalog.journal.all(after, pageUnits));
    }
    const most = made.units + maxUnits;
    while (!made.whole && made.units < most)
      // Only a page from the beginning, which has room left, shows that there are no more changes.
      made.whole = yield* read((after) => catalog.journal.take(head.number, after, pageUnits));
    yield { end: true, units: made.units, whole: made.whole, readAt: new Date(made.readAt).toISOString() };
  }
}

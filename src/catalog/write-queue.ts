import { setTimeout as sleep } from "node:timers/promises";
import { asError, DomainError } from "../model/errors.js";

export const WRITE_QUEUE_DEFAULTS = {
  /** Intents that wait, or whose commit is not durable yet. Beyond this, callers get DomainError `catalogBusy`. */
  maxPending: 10_000,
  /** Intents in one commit. */
  maxBatch: 256,
  /** A batch takes no further intent after so many ms, because the database runs on the event loop's thread. */
  maxBatchMs: 10,
  /** How long other processes may have the database before those who wait get DomainError `catalogBusy`, ms. */
  maxBusyMs: 10_000,
  /**
   * Whether the next batch waits for the sync of the one before: other processes get their turn meanwhile, which the
   * database does not give them by itself.
   */
  takesTurns: false,
};

export type WriteQueueSettings = typeof WRITE_QUEUE_DEFAULTS;

/** Batches whose intents are marked after one that had to be undone: where some are refused, others will be. */
const MARKED_BATCHES = 16;

/** Between two looks whether another process has let the database go, ms: half of it is random. */
const LOOK_MS = 3;

/** The writing connection, as the queue uses it. */
export interface Batches<Tx> {
  readonly tx: Tx;
  /** False: another process is writing. */
  begin(): boolean;
  /** Marks a point within the batch … */
  watermark(): void;
  /** … that an intent's changes are kept beyond … */
  keep(): void;
  /** … or undone to. False when the database gave up the whole batch. */
  undo(): boolean;
  commit(): void;
  rollback(): void;
  /** Resolves when every commit made before this call would survive a power cut. */
  sync(): Promise<void>;
}

interface Waiting<Tx> {
  run(tx: Tx): Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Group commit. Intents that wait are run one after another within one transaction; then one commit and one sync serve them
 * all. When one throws, the transaction is undone, and its intents are run again, each behind a savepoint, so that what
 * throws is undone alone: savepoints cost a tenth of a small change, and few intents throw. While a sync runs, the next batch is
 * already executed and committed, and the sync after it covers whatever was committed by then. An intent's promise
 * resolves after the sync that covers its commit.
 */
export class WriteQueue<Tx> {
  private readonly waiting: Waiting<Tx>[] = [];
  private readonly committed: Waiting<Tx>[] = [];
  private pending = 0;
  /** Batches that are still to be run with marks. */
  private marked = 0;
  private executing = false;
  private syncing = false;
  private broken: unknown;
  private closed = false;
  private idle: (() => void) | undefined;

  constructor(
    private readonly components: { readonly batches: Batches<Tx> },
    private readonly settings: WriteQueueSettings = WRITE_QUEUE_DEFAULTS,
  ) {}

  add<T>(intent: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new Error("the catalog is closed"));
    if (this.broken !== undefined) return Promise.reject(this.failure());
    if (this.pending >= this.settings.maxPending)
      return Promise.reject(new DomainError({ kind: "catalogBusy" }, "Too many changes are waiting for the catalog."));
    return new Promise<T>((resolve, reject) => {
      let outcome: T;
      this.pending++;
      this.waiting.push({
        run: async (tx) => {
          outcome = await intent(tx);
        },
        resolve: () => {
          this.settled();
          resolve(outcome);
        },
        reject: (error: Error) => {
          this.settled();
          reject(error);
        },
      });
      // All intents of this turn of the event loop share the commit.
      if (!this.executing) {
        this.executing = true;
        setImmediate(() => void this.execute());
      }
    });
  }

  /** Accepts no more intents; resolves when all accepted ones are settled. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.pending > 0)
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
  }

  private settled(): void {
    this.pending--;
    if (this.pending === 0) this.idle?.();
  }

  private async execute(): Promise<void> {
    while (this.waiting.length > 0) {
      if (this.broken === undefined) await this.runBatch();
      else this.waiting.splice(0).forEach((intent) => intent.reject(this.failure()));
      const synced = this.syncCommitted();
      if (this.settings.takesTurns) await synced;
      // Lets requests be answered between batches.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.executing = false;
  }

  private async runBatch(): Promise<void> {
    const { batches } = this.components;
    const marked = this.marked > 0;
    if (marked) this.marked--;
    const done: Waiting<Tx>[] = [];
    const failed: [Waiting<Tx>, Error][] = [];
    try {
      await this.begin();
      const end = performance.now() + this.settings.maxBatchMs;
      while (done.length + failed.length < this.settings.maxBatch && performance.now() < end) {
        const intent = this.waiting.shift();
        if (!intent) break;
        done.push(intent);
        if (marked) batches.watermark();
        try {
          await intent.run(batches.tx);
          if (marked) batches.keep();
        } catch (error) {
          if (!marked) {
            this.undoUnmarked(done, asError(error));
            return;
          }
          // A full disk rolls back the whole transaction. Then no intent's changes are there, and all must fail.
          if (!batches.undo()) throw error;
          done.pop();
          failed.push([intent, asError(error)]);
        }
      }
      batches.commit();
    } catch (error) {
      batches.rollback();
      // If not even the transaction could begin, all waiting intents fail.
      const concerned = done.length + failed.length === 0 ? this.waiting.splice(0) : done.splice(0);
      for (const intent of concerned) failed.push([intent, asError(error)]);
    }
    for (const [intent, error] of failed) intent.reject(error);
    this.committed.push(...done);
  }

  /** The last of these intents threw: the others are run again. */
  private undoUnmarked(intents: readonly Waiting<Tx>[], error: Error): void {
    this.components.batches.rollback();
    const [only, another] = intents;
    if (another) {
      this.waiting.unshift(...intents);
      this.marked = MARKED_BATCHES;
    } else only?.reject(error);
  }

  /** The event loop is free while others write: SQLite's own wait would keep it. */
  private async begin(): Promise<void> {
    const until = performance.now() + this.settings.maxBusyMs;
    while (!this.components.batches.begin()) {
      if (performance.now() > until)
        throw new DomainError({ kind: "catalogBusy" }, "Other processes keep the catalog busy.");
      await sleep(LOOK_MS / 2 + (Math.random() * LOOK_MS) / 2);
    }
  }

  private async syncCommitted(): Promise<void> {
    if (this.syncing) return;
    this.syncing = true;
    while (this.committed.length > 0) {
      const covered = this.committed.splice(0);
      // After a failed sync it is unknown what is on the disk, and a later sync may succeed without the lost pages. So
      // nothing that was committed since is acknowledged either.
      if (this.broken === undefined) await this.components.batches.sync().catch((error: unknown) => this.break(error));
      for (const intent of covered) {
        if (this.broken === undefined) intent.resolve();
        else intent.reject(this.failure());
      }
    }
    this.syncing = false;
  }

  private break(error: unknown): void {
    this.broken ??= error;
  }

  private failure(): DomainError {
    return new DomainError(
      { kind: "dependencyUnavailable" },
      "The catalog can no longer be written; the gateway must be restarted.",
      { cause: this.broken },
    );
  }
}

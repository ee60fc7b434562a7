import AsyncDatabase from "libsql/promise";

/** How long a checkpoint waits for readers and for the writer, ms. */
const BUSY_MS = 1000;

/**
 * Moves the write-ahead log into the database on a thread of libsql, while the event loop goes on: SQLite's own checkpoint
 * would be part of a commit, and copies thousands of pages and syncs twice meanwhile. First without keeping anybody waiting,
 * which leaves what is committed meanwhile; then that rest, for which a writer has to wait, so that the log begins anew.
 */
export class Checkpoints {
  private connection: AsyncDatabase | undefined;
  private running: Promise<void> | undefined;
  /** Rows that were changed before the last one was begun. */
  private before = 0;

  /** One is begun after so many `rows`, unless one is under way. */
  constructor(
    private readonly path: string,
    private readonly rows: number,
  ) {}

  /** Told after each commit: `changed` rows in all, since the database was opened. */
  committed(changed: number): void {
    if (this.running || changed - this.before < this.rows) return;
    this.before = changed;
    // Where it fails, the log grows until SQLite's own checkpoint, whose failure a commit tells.
    this.running = this.run()
      .catch(() => undefined)
      .finally(() => (this.running = undefined));
  }

  /** Waits for the one that is under way. */
  async close(): Promise<void> {
    await this.running;
    this.connection?.close();
  }

  private async run(): Promise<void> {
    this.connection ??= new AsyncDatabase(this.path, {});
    await this.connection.exec(`pragma busy_timeout = ${BUSY_MS}`);
    await this.connection.exec("pragma wal_checkpoint(passive)");
    await this.connection.exec("pragma wal_checkpoint(restart)");
  }
}

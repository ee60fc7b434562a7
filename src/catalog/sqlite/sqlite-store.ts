import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { type Compilable, Kysely, Migrator, SqliteDialect } from "kysely";
import Database from "libsql";
import type { ColumnTypes } from "../column-types.js";
import { knownMigrations, Migrations } from "../migrations.js";
import type { Schema } from "../schema.js";
import { Announcements } from "../announcements.js";
import type { Listener, PageColumn, PageQuery, Prepared, Store, Tx } from "../store.js";
import { BATCH_USAGE, BatchUsage, touchesUsage } from "../usage.js";
import { WRITE_QUEUE_DEFAULTS, WriteQueue, type Batches, type WriteQueueSettings } from "../write-queue.js";
import { Checkpoints } from "./checkpoints.js";
import { namingDamage } from "./damage.js";
import { requireNotMoved } from "./moved-catalog.js";
import { prepareMigration } from "./schema-copy.js";
import { StatementCache } from "./statement-cache.js";

export interface SqliteSettings extends Partial<WriteQueueSettings> {
  /** Whether other processes have the file open meanwhile; false when not set. */
  readonly shared?: boolean;
  /**
   * After so many changed rows the write-ahead log is moved into the database, beside the event loop; 0: SQLite does it, in
   * commits. SQLITE_DEFAULTS.checkpointRows when not set.
   */
  readonly checkpointRows?: number;
  /** The database file; its folder is created if it does not exist. `-wal` and `-shm` files are beside it. */
  readonly path: string;
}

export const SQLITE_DEFAULTS = {
  /** Page cache of each of the two connections, KiB. */
  cacheKib: 32 * 1024,
  /** A changed row is about one page of the write-ahead log. */
  checkpointRows: 4000,
  /** When the log has so many pages (4 KiB each), a commit moves them into the database, … */
  checkpointPages: 4000,
  /** … but only so many where checkpoints run beside, and did not keep up. */
  checkpointPagesAtMost: 32_000,
  /** How long another process (a backup, say) may hold the lock, ms. */
  busyTimeoutMs: 5000,
};

const types: ColumnTypes = {
  key: "text",
  bytes: "blob",
  whole: "integer",
  counted: (column) => column.primaryKey().autoIncrement(),
};

/** One connection writes, through the queue, and one reads what is committed. */
export class SqliteStore implements Store {
  readonly shared: boolean;
  readonly reads: Kysely<Schema>;
  private readonly announcements = new Announcements();
  private readonly queue: WriteQueue<Tx>;
  private readonly checkpoints: Checkpoints | undefined;

  private constructor(
    private readonly reader: Database.Database,
    private readonly writer: Database.Database,
    private readonly wal: FileHandle,
    settings: SqliteSettings,
  ) {
    this.shared = settings.shared ?? false;
    this.checkpoints =
      checkpointRows(settings) > 0 ? new Checkpoints(settings.path, checkpointRows(settings)) : undefined;
    this.reads = kysely(new StatementCache(reader));
    this.queue = new WriteQueue(
      { batches: new SqliteBatches(writer, wal, this.checkpoints) },
      { ...WRITE_QUEUE_DEFAULTS, takesTurns: this.shared, ...settings },
    );
  }

  /**
   * Opens or creates the database and brings it to the newest schema. Rejects with CatalogUnusable where it is damaged,
   * where a newer program has written it, or where no copy can be made before it is migrated.
   */
  static async open(settings: SqliteSettings): Promise<SqliteStore> {
    await mkdir(dirname(settings.path), { recursive: true });
    const writer = await namingDamage(settings.path, () => openWriter(settings));
    const reader = connect(settings.path);
    reader.pragma("query_only = ON");
    // The log is created by the first transaction. Its name must be durable before its content counts as durable.
    const wal = await open(`${settings.path}-wal`, "r+");
    await wal.datasync();
    const folder = await open(dirname(settings.path), "r");
    await folder.sync().finally(() => folder.close());
    return new SqliteStore(reader, writer, wal, settings);
  }

  prepared<Row>(query: Compilable<Row>): Prepared<Row> {
    const { sql } = query.compile();
    const members = this.reader
      .prepare(sql)
      .columns()
      .map(({ name }) => `'${name}', "${name}"`);
    return this.asJson<Row>(`json_object(${members.join(", ")})`, sql);
  }

  pages(columns: readonly PageColumn[], query: { compile(): { readonly sql: string } }): PageQuery {
    return this.asJson<readonly unknown[]>(`json_array(${columns.map(pageColumn).join(", ")})`, query.compile().sql);
  }

  /**
   * Rows are read from SQLite as one JSON text: passing a value through the driver costs as much as passing a row
   * through the database, and JSON.parse of a thousand rows takes a fraction of that. The aggregate sees the rows in
   * the order of its subquery, which SQLite runs up to its limit first.
   */
  private asJson<Row>(row: string, sql: string): (values: readonly (string | number)[]) => Promise<readonly Row[]> {
    const statement = this.reader.prepare(`select json_group_array(${row}) from (${sql})`).raw();
    return (values) => {
      const [text] = statement.get([...values]) as [string];
      const rows: unknown = JSON.parse(text);
      // SQLite made this text from the query's own columns. What a column holds as JSON is checked where it is unpacked.
      if (!Array.isArray(rows)) throw new Error("the database gave no list of rows");
      return Promise.resolve(rows as readonly Row[]);
    };
  }

  get changes(): number {
    const changes = changedRows(this.writer);
    if (!this.shared) return changes;
    // Counts the commits of other processes.
    const { data_version: others } = this.writer.prepare("pragma data_version").get() as { data_version: number };
    return changes + others;
  }

  /** Intents run one after another, whatever they touch. */
  write<T>(intent: (tx: Tx) => Promise<T>): Promise<T> {
    return this.queue.add(intent);
  }

  announce(topic: string, text = ""): void {
    this.announcements.deliver(topic, text);
  }

  subscribe(topic: string, listener: Listener): () => void {
    return this.announcements.subscribe(topic, listener);
  }

  time(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.checkpoints?.close();
    this.reader.close();
    // The last connection to close moves the log into the database and removes it.
    this.writer.close();
    await this.wal.close();
  }
}

/**
 * Why acknowledging after our own sync of the log is sound. With synchronous = NORMAL a commit appends its frames to
 * the -wal file and does not wait for the disk; SQLite promises then that a power cut never corrupts the database, but
 * may lose the last commits: those whose frames had not reached the disk. So after a commit we sync the -wal file
 * ourselves, on a thread of Node's pool, and only then resolve the intents.
 *
 * - Recovery reads the log from its start and stops at the first frame whose checksum is wrong. A later commit on the
 *   disk without an earlier one therefore counts for nothing, and syncing the file once covers every commit before.
 * - A checkpoint syncs the log, copies its pages into the database, syncs the database, and only afterwards may the
 *   next commit begin the log anew over the old frames. A commit that we had not synced when that happened is in the
 *   database file by then, durably; syncing the log is then superfluous, never wrong. With NORMAL SQLite also syncs
 *   the log's new header before any frame follows it, so old and new frames are not mixed up. All that holds whichever
 *   connection makes the checkpoint, and when.
 * - The file is created once and lives as long as a connection is open, so our handle is on the right inode; its size
 *   is part of what fdatasync writes, and its name was synced with the folder when the store was opened.
 * - Several processes have the file open, each with its own handle on the log and its own connections. A connection holds a
 *   shared lock on the database for as long as it lives, and the last one to close removes the log only if it gets that
 *   lock alone: so nobody removes it under us. What another process has committed before us lies before our frames in the
 *   log, or was moved into the database by a checkpoint, which syncs both: our sync covers it, and theirs covers ours. A
 *   checkpoint moves what no reader needs the old version of; readers here are short, so that the log begins anew.
 * - SQLite's POSIX locks are on the database and the -shm file. Closing our handle on the -wal file drops none of them.
 * - A failed sync may have thrown the pages away, so the queue never again acknowledges anything after one.
 * - Readers may see a commit before it is durable. Nobody was told that it is, and what costs bytes when it comes
 *   undone (`orphans`) is asked through the queue.
 */
class SqliteBatches implements Batches<Tx> {
  readonly tx: Tx;
  private readonly statements: StatementCache;
  private readonly usage = new BatchUsage();

  constructor(
    private readonly database: Database.Database,
    private readonly wal: FileHandle,
    private readonly checkpoints: Checkpoints | undefined,
  ) {
    this.statements = new StatementCache(database, (text) =>
      touchesUsage(text) ? () => this.writeUsage() : undefined,
    );
    this.tx = Object.assign(kysely(this.statements), { [BATCH_USAGE]: this.usage });
  }

  begin(): boolean {
    try {
      this.exec("begin immediate");
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return false;
      throw error;
    }
  }

  watermark(): void {
    this.exec("savepoint intent");
    this.usage.mark();
  }

  keep(): void {
    this.exec("release intent");
  }

  undo(): boolean {
    if (!this.database.inTransaction) return false;
    this.usage.undo();
    this.exec("rollback to intent");
    this.exec("release intent");
    return true;
  }

  commit(): void {
    this.writeUsage();
    this.exec("commit");
    this.checkpoints?.committed(changedRows(this.statements));
  }

  rollback(): void {
    this.usage.clear();
    if (this.database.inTransaction) this.exec("rollback");
  }

  sync(): Promise<void> {
    return this.wal.datasync();
  }

  private writeUsage(): void {
    for (const { sql, parameters } of this.usage.take(this.tx)) this.statements.prepare(sql).all(parameters);
  }

  private exec(statement: string): void {
    this.statements.prepare(statement).run([]);
  }
}

const checkpointRows = (settings: SqliteSettings) => settings.checkpointRows ?? SQLITE_DEFAULTS.checkpointRows;

/** That this connection has changed, since it was opened. */
function changedRows(connection: { prepare(sql: string): { all(values: readonly unknown[]): unknown[] } }): number {
  const [row] = connection.prepare("select total_changes() as changes").all([]);
  return (row as { changes: number }).changes;
}

/** Most rows' JSON lacks the wanted member, and searching for its name is cheaper than parsing. */
function pageColumn(column: PageColumn): string {
  if (typeof column === "string") return `"${column}"`;
  if ("unless" in column) return `nullif("${column.unless}", ?)`;
  const { json, members } = column;
  return `iif(instr("${json}", '"${members[0] ?? ""}"') > 0, json_extract("${json}", ${members.map((member) => `'$.${member}'`).join(", ")}), null)`;
}

function connect(path: string): Database.Database {
  const database = new Database(path);
  database.pragma(`busy_timeout = ${SQLITE_DEFAULTS.busyTimeoutMs}`);
  database.pragma(`cache_size = -${SQLITE_DEFAULTS.cacheKib}`);
  return database;
}

async function openWriter(settings: SqliteSettings): Promise<Database.Database> {
  const { path } = settings;
  const writer = connect(path);
  try {
    writer.pragma("journal_mode = WAL");
    writer.pragma("synchronous = NORMAL");
    const { checkpointPages, checkpointPagesAtMost } = SQLITE_DEFAULTS;
    writer.pragma(`wal_autocheckpoint = ${checkpointRows(settings) > 0 ? checkpointPagesAtMost : checkpointPages}`);
    await migrate(writer, path);
    // From now on the queue waits for other processes, because SQLite would do it on the event loop's thread.
    writer.pragma("busy_timeout = 0");
    return writer;
  } catch (error) {
    writer.close();
    throw error;
  }
}

function kysely(database: StatementCache): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
}

/** In a transaction of Kysely's, synced before anything else starts. */
async function migrate(database: Database.Database, path: string): Promise<void> {
  const db = kysely(new StatementCache(database));
  const provider = new Migrations(types);
  requireNotMoved(database, path);
  if (!(await prepareMigration(database, path, await knownMigrations()))) return;
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined)
    throw new Error(`the schema of the catalog ${path} could not be brought up to date`, { cause: error });
}

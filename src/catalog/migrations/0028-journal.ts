import { randomBytes } from "node:crypto";
import { PostgresAdapter, sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** Numbers of `journal_changes.kind`. They are in journals, too, so they never change. */
const [BUCKET, VERSION, FILE, ACCOUNT, ACCESS_KEY, KEY_USE, DELETED_FILE, LEASE_SPEND] = [1, 2, 3, 4, 5, 6, 7, 8];

export interface Capture {
  readonly table: string;
  readonly kind: number | undefined;
  /** The column with the number, or with the name, of what changes. */
  readonly number?: string;
  readonly name?: string;
  /** Changes of other columns are not captured; absent: all are. */
  readonly columns?: readonly string[];
  /** Rows that are captured. `row` stands for the new one, or the one that goes. */
  readonly where?: string;
}

/**
 * What the journal wants to know of. Left out are columns that a rebuild does not take over: those of files' way to the
 * network, of damage, of what is counted.
 */
const CAPTURES: readonly Capture[] = [
  { table: "buckets", kind: BUCKET, name: "name" },
  { table: "configurations", kind: BUCKET, name: "bucket" },
  { table: "bucket_usage", kind: BUCKET, name: "bucket", columns: ["quota_bytes", "quota_objects"] },
  {
    table: "versions",
    kind: VERSION,
    number: "id",
    columns: ["is_latest", "fid", "content", "metadata", "tags", "lock", "acl", "encryption"],
  },
  { table: "extents", kind: VERSION, number: "version_id" },
  { table: "files", kind: FILE, number: "id", columns: ["size", "territory"], where: "row.journal is null" },
  { table: "pack_moves", kind: FILE, number: "file_id" },
  { table: "accounts", kind: ACCOUNT, name: "id" },
  { table: "access_keys", kind: ACCESS_KEY, name: "id" },
  { table: "key_uses", kind: KEY_USE, name: "key_id" },
  { table: "deleted_files", kind: DELETED_FILE, name: "fid" },
  { table: "lease_spends", kind: LEASE_SPEND, number: "id" },
];

/**
 * The journal: which rows have changed since they were written into one, captured by triggers whatever program changes
 * them, and which journals there are.
 */
export async function createJournal(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema.alterTable("files").addColumn("journal", types.whole).execute();
  const changes = db.schema
    .createTable("journal_changes")
    .addColumn("kind", "integer", (column) => column.notNull())
    .addColumn("number", types.whole, (column) => column.notNull())
    .addColumn("name", types.key, (column) => column.notNull())
    .addColumn("journal", types.whole, (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint("journal_changes_pk", ["kind", "number", "name"]);
  await (isPostgres(db) ? changes : changes.modifyEnd(sql`without rowid`)).execute();
  await createJournals(db, types);
  for (const capture of CAPTURES) await noteChanges(db, capture);
}

const isPostgres = (db: Kysely<unknown>) => db.getExecutor().adapter instanceof PostgresAdapter;

/** Makes the triggers of a table. */
export async function noteChanges(db: Kysely<unknown>, capture: Capture): Promise<void> {
  for (const text of isPostgres(db) ? postgres(capture) : sqlite(capture)) await sql.raw(text).execute(db);
}

async function createJournals(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("journals")
    .addColumn("number", types.whole, (column) => column.primaryKey().notNull())
    .addColumn("snapshot", "integer", (column) => column.notNull())
    .addColumn("whole", "integer", (column) => column.notNull())
    .addColumn("file_id", types.whole, (column) => column.notNull())
    .addColumn("fid", "text", (column) => column.notNull())
    .addColumn("segments", types.whole, (column) => column.notNull())
    .addColumn("units", types.whole, (column) => column.notNull())
    .addColumn("bytes", types.whole, (column) => column.notNull())
    .addColumn("read_at", types.whole, (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("journal_state")
    .addColumn("id", "integer", (column) => column.primaryKey().notNull())
    .addColumn("stream", "text", (column) => column.notNull())
    .addColumn("number", types.whole, (column) => column.notNull())
    .addColumn("snapshot_due", "integer", (column) => column.notNull())
    .addColumn("changed_at", types.whole)
    .addColumn("rebuilt_to", types.whole)
    .execute();
  // Nothing of what is there already was captured.
  await sql`insert into journal_state (id, stream, number, snapshot_due)
    values (1, ${randomBytes(4).toString("hex")}, 0, 1)`.execute(db);
  // A change, so that there is a reason for the first snapshot.
  await sql`insert into journal_changes (kind, number, name) select ${sql.lit(BUCKET)}, 0, name from buckets limit 1`.execute(
    db,
  );
}

const EVENTS = ["insert", "update", "delete"] as const;

function* triggers({ table, columns, where }: Capture) {
  for (const event of EVENTS) {
    const row = event === "delete" ? "old" : "new";
    const of = event === "update" && columns ? ` of ${columns.map((column) => `"${column}"`).join(", ")}` : "";
    const when = where === undefined ? "" : ` when (${where.replaceAll("row.", `${row}.`)})`;
    yield { row, head: `create trigger journal_${table}_${event} after ${event}${of} on ${table} for each row${when}` };
  }
}

const insertion = ({ kind, number, name }: Capture, row: (column: string) => string) =>
  "insert into journal_changes (kind, number, name) values " +
  `(${kind}, ${number === undefined ? 0 : row(number)}, ${name === undefined ? "''" : row(name)}) ` +
  "on conflict (kind, number, name) do update set journal = 0 where journal_changes.journal <> 0";

function* sqlite(capture: Capture): Generator<string> {
  for (const { row, head } of triggers(capture))
    yield `${head} begin ${insertion(capture, (column) => `${row}.${column}`)}; end`;
}

function* postgres(capture: Capture): Generator<string> {
  const { table } = capture;
  // The row that does not exist is null.
  const text = insertion(capture, (column) => `coalesce(new.${column}, old.${column})`);
  yield `create function journal_${table}() returns trigger language plpgsql as $$ begin ${text}; return null; end $$`;
  for (const { head } of triggers(capture)) yield `${head} execute function journal_${table}()`;
}

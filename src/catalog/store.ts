import { type Compilable, type CompiledQuery, type Expression, type Kysely, PostgresAdapter, sql } from "kysely";
import { advisoryLock } from "./advisory-locks.js";
import type { Schema } from "./schema.js";

/** A transaction's view of the database: it sees its own writes and those of earlier intents. */
export type Tx = Kysely<Schema>;

/** How an intent is run. */
export interface WriteOptions {
  /**
   * Names of what the intent reads or writes, such as `object:bucket/key`, at most a few. With them it may run beside
   * intents that name other things; without them it runs alone. See Store.
   */
  readonly locks?: readonly string[];
  /** Further names: it may run beside intents that name these here, too, and beside none that has them in `locks`. */
  readonly shares?: readonly string[];
}

/** Gets the text of an announcement. It must not throw. */
export type Listener = (text: string) => void;

/**
 * A column of a page: text or a number; or members of a JSON column, several as an array; or a column that is null
 * where it equals the bound value, because texts that repeat in most rows would be most of the page.
 */
export type PageColumn =
  string | { readonly json: string; readonly members: readonly string[] } | { readonly unless: string };

/** Rows in the query's order, each an array of the page's columns, null where there is nothing. */
export type PageQuery = (values: readonly (string | number)[]) => Promise<readonly (readonly unknown[])[]>;

/** A query whose text is compiled. */
export type Prepared<Row> = (values: readonly (string | number)[]) => Promise<readonly Row[]>;

/** A placeholder in a statement for the value of that name. */
class Bound {
  constructor(readonly name: string) {}
}

/**
 * A statement for transactions that is compiled once: building and compiling costs as much as running it, and it is run
 * for every request. `build` gets a function that puts placeholders for values; values are passed by name.
 */
export function statement<Values extends object>() {
  return <Row>(build: Build<Values, Row>) => prepared(build, () => undefined);
}

type Build<Values, Row> = (db: Tx, bound: (name: keyof Values & string) => never) => Compilable<Row>;

/** A statement that gives one row at most. A driver asks for one row in half of the time in which it asks for all. */
export function single<Values extends object>() {
  return <Row>(build: Build<Values, Row>) => {
    const run = prepared(build, (text) => singles.add(text));
    return async (tx: Tx, values: Values): Promise<Row | undefined> => (await run(tx, values))[0];
  };
}

const singles = new Set<string>();

/** Whether the text is that of a `single` statement. */
export function isSingle(text: string): boolean {
  return singles.has(text);
}

function prepared<Values extends object, Row>(build: Build<Values, Row>, onText: (text: string) => void) {
  const compiled = compiledOnce(build, onText);
  return async (tx: Tx, values: Values): Promise<readonly Row[]> =>
    (await tx.executeQuery<Row>(compiled(tx, values))).rows;
}

/** As `statement`, for who runs it himself. */
export function compiledOnce<Values extends object, Row>(
  build: Build<Values, Row>,
  onText: (text: string) => void = () => undefined,
) {
  // One text for each dialect: a process may have catalogs of both open.
  const texts = new Map<unknown, CompiledQuery<Row>>();
  return (tx: Tx, values: Values): CompiledQuery<Row> => {
    const dialect = tx.getExecutor().adapter.constructor;
    let compiled = texts.get(dialect);
    if (!compiled) {
      compiled = build(tx, (name) => new Bound(name) as never).compile();
      texts.set(dialect, compiled);
      onText(compiled.sql);
    }
    const parameters = compiled.parameters.map((value) =>
      value instanceof Bound ? values[value.name as keyof Values] : value,
    );
    return { ...compiled, parameters };
  };
}

/** Whether transactions of this database run one after another, whatever they name. */
export function runsAlone(tx: Tx): boolean {
  return !(tx.getExecutor().adapter instanceof PostgresAdapter);
}

/** By which a transaction is told that its next statement is its last. */
export const LAST = Symbol("last");

/**
 * To be called right before the last statement of an intent, which then throws nothing because of what that returns. True:
 * the commit is sent along with the statement, where each is a round trip. A statement that finds that it must not be the
 * last has to fail by `lastUnless`; then the intent is run again, and this returns false.
 */
export function endsWithNext(tx: Tx): boolean {
  const { [LAST]: ends } = tx as { readonly [LAST]?: () => boolean };
  return ends?.() === true;
}

/** SQL that fails the statement, and with it the transaction, where the condition holds. */
export function lastUnless(condition: Expression<boolean>) {
  return sql<number>`1 / (case when ${condition} then 0 else 1 end)`;
}

/**
 * Takes further locks within a transaction, where what it touches is known only after a read. What was read before must
 * be read again: it may have changed while the lock was waited for. Does nothing in a transaction that runs alone on its
 * database.
 */
export async function lock(tx: Tx, names: readonly string[]): Promise<void> {
  if (runsAlone(tx)) return;
  const locks = [...new Set(names)]
    .sort()
    .map((name) => sql`pg_advisory_xact_lock(cast(${advisoryLock(name)} as bigint))`);
  if (locks.length > 0) await sql`select ${sql.join(locks)}`.execute(tx);
}

/**
 * The database as the catalog needs it, one implementation for each dialect. Integers, counts and sums arrive as
 * numbers.
 *
 * Isolation, whatever number of processes writes to one database:
 *
 * - Intents are serializable: the outcome is as if they had run one after another, in an order in which an intent that
 *   began after another's `write` had resolved comes after it. An intent therefore may look whether a row is there and
 *   insert it if not. By default this is so because each runs alone (SQLite: one writer; PostgreSQL: an exclusive lock
 *   of the whole catalog). An intent with `locks` excludes only those with one of its names, and those without any. It
 *   must name what it reads to decide upon and what it changes, unless its changes commute (a counter that is added
 *   to) or hit rows that it has itself inserted. SQLite runs these alone, too.
 * - A read that begins after a write of any process has resolved sees it. Several reads are several moments: what
 *   belongs together is one statement, or is checked afterwards. Uncommitted rows are never seen.
 * - An intent may be run more than once, and only the last run counts: PostgreSQL ends a transaction that waits for
 *   another which waits for it, and SQLite one whose batch could not begin. So an intent awaits only `tx`, changes
 *   nothing outside itself, and makes its result anew in each run.
 * - A write that rejects has changed nothing, but for one case: the database was lost during the commit. Then nobody
 *   knows; it rejects with DomainError `dependencyUnavailable` and is not run again. Callers do as after a crash.
 */
export interface Store {
  /** Whether other processes may write to the same database, so that what was read a moment ago may have changed. */
  readonly shared: boolean;
  /** Committed rows only. Rejects with DomainError `dependencyUnavailable` while the database cannot be reached. */
  readonly reads: Kysely<Schema>;
  /**
   * Prepares a query for `reads` that is run for every request: building and compiling its text costs as much as
   * running it. Values are bound in the order of the text; columns are text or numbers.
   */
  prepared<Row>(query: Compilable<Row>): Prepared<Row>;
  /**
   * Prepares a query for `reads` that is run often and returns many rows. Values are bound in the order of the text.
   */
  pages(columns: readonly PageColumn[], query: { compile(): { readonly sql: string } }): PageQuery;
  /**
   * Runs the intent as one transaction: if it throws, nothing is written. Resolves when its writes would survive a
   * power cut. The intent may await only `tx`. Rejects with DomainError `catalogBusy` when too many intents are
   * waiting, and with `dependencyUnavailable` while the database cannot be reached.
   */
  write<T>(intent: (tx: Tx) => Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * Tells all processes on this database, this one included, that something happened: to be called after the write has
   * resolved. `text` is at most 1 KiB. What is announced may be lost, or come twice or late: losing it must cost time
   * only, so whoever waits for it polls, too.
   */
  announce(topic: string, text?: string): void;
  /** Calls the listener for each announcement of the topic until the returned function is called. */
  subscribe(topic: string, listener: Listener): () => void;
  /** Rows that this process has changed since the store was opened, those of transactions under way included. */
  readonly changes: number;
  /** What the database's clock shows, ms since 1970; undefined where it is the clock of this machine. */
  time(): Promise<number | undefined>;
  /** Resolves when all accepted writes are finished. */
  close(): Promise<void>;
}

/** A bound number where nothing tells PostgreSQL that it is one: as the outcome of a CASE. */
export function whole(value: number) {
  return sql<number>`cast(${value} as bigint)`;
}

/** Rows of one `in (…)` or insert, at most: far below every dialect's limit of bound values. */
export const ROWS_PER_STATEMENT = 500;

export function* chunks<T>(rows: readonly T[], most = ROWS_PER_STATEMENT): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += most) yield rows.slice(start, start + most);
}

/** Parses a row id of the port; undefined for text that cannot be one. */
export function toRowId(id: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : undefined;
}

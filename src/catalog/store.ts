import type { Compilable, CompiledQuery, Kysely } from "kysely";
import type { Schema } from "./schema.js";

/** A transaction's view of the database: it sees its own writes and those of earlier intents. */
export type Tx = Kysely<Schema>;

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
  return <Row>(build: (db: Tx, bound: (name: keyof Values & string) => never) => Compilable<Row>) => {
    let compiled: CompiledQuery<Row> | undefined;
    return async (tx: Tx, values: Values): Promise<readonly Row[]> => {
      compiled ??= build(tx, (name) => new Bound(name) as never).compile();
      const parameters = compiled.parameters.map((value) =>
        value instanceof Bound ? values[value.name as keyof Values] : value,
      );
      return (await tx.executeQuery<Row>({ ...compiled, parameters })).rows;
    };
  };
}

/**
 * The database as the catalog needs it, one implementation for each dialect. Integers, counts and sums arrive as
 * numbers.
 */
export interface Store {
  /** Committed rows only. A read that begins after a write resolved sees it. */
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
   * waiting.
   */
  write<T>(intent: (tx: Tx) => Promise<T>): Promise<T>;
  /** Rows that were changed since the store was opened, those of transactions under way included. */
  readonly changes: number;
  /** Resolves when all accepted writes are finished. */
  close(): Promise<void>;
}

/** Rows of one `in (…)` or insert, at most: far below every dialect's limit of bound values. */
export const ROWS_PER_STATEMENT = 500;

export function* chunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT)
    yield rows.slice(start, start + ROWS_PER_STATEMENT);
}

/** Parses a row id of the port; undefined for text that cannot be one. */
export function toRowId(id: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : undefined;
}

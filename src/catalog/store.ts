import type { Compilable, CompiledQuery, Kysely } from "kysely";
import type { Schema } from "./schema.js";

/** A transaction's view of the database: it sees its own writes, and those of intents before it. */
export type Tx = Kysely<Schema>;

/**
 * A column of a page: text or a number; or members of one that holds JSON, several as an array; or a column that is
 * null where it has the value bound for it, since texts that are the same in most rows would be most of the page.
 */
export type PageColumn =
  string | { readonly json: string; readonly members: readonly string[] } | { readonly unless: string };

/** Rows in the query's order, each an array of the page's columns, null where there is nothing. */
export type PageQuery = (values: readonly (string | number)[]) => Promise<readonly (readonly unknown[])[]>;

/** A query with its text ready. */
export type Prepared<Row> = (values: readonly (string | number)[]) => Promise<readonly Row[]>;

/** Stands in a statement for a value of that name. */
class Bound {
  constructor(readonly name: string) {}
}

/**
 * A statement of transactions that comes with every request, built and compiled once: that costs as much as to run it.
 * `build` gets a function that stands for a value in its place; values are given by their names.
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

/** What the catalog needs of a database; one for each dialect. Whole numbers, counts and sums arrive as numbers. */
export interface Store {
  /** Committed rows only. A read that begins after a write resolved sees it. */
  readonly reads: Kysely<Schema>;
  /**
   * Prepares a query for `reads` that comes with every request: to build and compile its text costs as much as to run
   * it. Values are bound in the order of its text; columns are text or numbers.
   */
  prepared<Row>(query: Compilable<Row>): Prepared<Row>;
  /** Prepares a query for `reads` that is run often and gives many rows. Values are bound in the order of its text. */
  pages(columns: readonly PageColumn[], query: { compile(): { readonly sql: string } }): PageQuery;
  /**
   * Runs the intent as one transaction: it throws, and nothing of it was written. Resolves when what it wrote would
   * survive a power cut. The intent awaits nothing but `tx`. Rejects with a DomainError `catalogBusy` when too many are waiting.
   */
  write<T>(intent: (tx: Tx) => Promise<T>): Promise<T>;
  /** Finishes what was accepted. */
  close(): Promise<void>;
}

/** Rows an `in (…)` or an insert carries at most: far below every dialect's limit of bound values. */
export const ROWS_PER_STATEMENT = 500;

export function* chunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT)
    yield rows.slice(start, start + ROWS_PER_STATEMENT);
}

/** A row id from the text the port shows; undefined for text that never was one. */
export function toRowId(id: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : undefined;
}

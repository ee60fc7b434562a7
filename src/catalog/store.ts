import type { Kysely } from "kysely";
import type { Schema } from "./schema.js";

/** A transaction's view of the database: it sees its own writes, and those of intents before it. */
export type Tx = Kysely<Schema>;

/** What the catalog needs of a database; one for each dialect. Whole numbers, counts and sums arrive as numbers. */
export interface Store {
  /** Committed rows only. A read that begins after a write resolved sees it. */
  readonly reads: Kysely<Schema>;
  /**
   * Runs the intent as one transaction: it throws, and nothing of it was written. Resolves when what it wrote would
   * survive a power cut. The intent awaits nothing but `tx`. Rejects with SlowDown when too many are waiting.
   */
  write<T>(intent: (tx: Tx) => Promise<T>): Promise<T>;
  /** Finishes what was accepted. */
  close(): Promise<void>;
}

/** Rows an `in (…)` or an insert carries at most: far below every dialect's limit of bound values. */
export const ROWS_PER_STATEMENT = 500;

export function* chunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) yield rows.slice(start, start + ROWS_PER_STATEMENT);
}

/** A row id from the text the port shows; undefined for text that never was one. */
export function toRowId(id: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : undefined;
}

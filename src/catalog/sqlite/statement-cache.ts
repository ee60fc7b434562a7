import type Database from "libsql";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";
import { isSingle } from "../store.js";
import { DomainError } from "../../model/errors.js";

/** Prepared statements in the cache of each connection. Statements with lists vary in length, so there are many. */
const STATEMENTS = 300;

/** A connection for Kysely that prepares each statement once. */
export class StatementCache implements SqliteDatabase {
  private readonly statements = new LRUCache<string, SqliteStatement>({ max: STATEMENTS });

  /** `before`: what is to be called each time before a statement of this text is run, if anything. */
  constructor(
    private readonly database: Database.Database,
    private readonly before: (sql: string) => (() => void) | undefined = () => undefined,
  ) {}

  prepare(sql: string): SqliteStatement {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = new Prepared(this.database.prepare(sql), isSingle(sql), this.before(sql));
      this.statements.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }
}

/** Reads `reader` from the native side once, and translates its errors. */
class Prepared implements SqliteStatement {
  readonly reader: boolean;

  constructor(
    private readonly statement: Database.Statement,
    private readonly single: boolean,
    private readonly before: (() => void) | undefined,
  ) {
    this.reader = statement.reader;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.guarded(() => (this.single ? this.first(parameters) : this.statement.all(parameters)));
  }

  private first(parameters: readonly unknown[]): unknown[] {
    const row = this.statement.get(parameters);
    return row === undefined ? [] : [row];
  }

  run(parameters: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.guarded(() => this.statement.run(parameters));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.guarded(() => this.statement.iterate(parameters));
  }

  private guarded<T>(run: () => T): T {
    this.before?.();
    return named(run);
  }
}

/** Runs something on SQLite. Throws a DomainError `storageFull` when the disk is full. */
function named<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SQLITE_FULL")
      throw new DomainError({ kind: "storageFull" }, "The gateway's disk is full.", { cause: error });
    throw error;
  }
}

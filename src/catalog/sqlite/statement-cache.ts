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

  constructor(private readonly database: Database.Database) {}

  prepare(sql: string): SqliteStatement {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = new Prepared(this.database.prepare(sql), isSingle(sql));
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
  ) {
    this.reader = statement.reader;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return named(() => (this.single ? this.first(parameters) : this.statement.all(parameters)));
  }

  private first(parameters: readonly unknown[]): unknown[] {
    const row = this.statement.get(parameters);
    return row === undefined ? [] : [row];
  }

  run(parameters: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return named(() => this.statement.run(parameters));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return named(() => this.statement.iterate(parameters));
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

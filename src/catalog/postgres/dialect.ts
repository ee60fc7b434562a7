import { type DialectAdapter, Kysely, PostgresAdapter, PostgresDialect, type PostgresPoolClient, sql } from "kysely";
import { CATALOG_LOCK } from "../advisory-locks.js";
import type { Schema } from "../schema.js";
import { LAST } from "../store.js";
import type { Session } from "./session.js";

/** Migrations exclude each other, and all intents: other gateways may run while one of a newer version begins. */
class CatalogAdapter extends PostgresAdapter {
  override async acquireMigrationLock(db: Kysely<unknown>): Promise<void> {
    // Building an index of a large table takes as long as it takes.
    await sql`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`.execute(
      db,
    );
    await sql`select pg_advisory_xact_lock(cast(${CATALOG_LOCK} as bigint))`.execute(db);
  }

  /** It ends with the transaction: if it ended before, another gateway would not see the tables yet. */
  override releaseMigrationLock(): Promise<void> {
    return Promise.resolve();
  }
}

class CatalogDialect extends PostgresDialect {
  override createAdapter(): DialectAdapter {
    return new CatalogAdapter();
  }
}

/** Queries that borrow a connection each, outside of transactions. `failure`: what their callers get for a failure. */
export function kyselyOver(
  connect: () => Promise<Session>,
  failure: (error: unknown) => unknown = (error) => error,
): Kysely<Schema> {
  const clients = new WeakMap<Session, PostgresPoolClient>();
  return kyselyOf(async () => {
    const session = await connect();
    let client = clients.get(session);
    if (!client) {
      const query = (text: string, values: readonly unknown[]) =>
        session.read(text, values).catch((error: unknown) => {
          throw failure(error);
        });
      client = { query: query as PostgresPoolClient["query"], release: () => session.release() };
      clients.set(session, client);
    }
    return client;
  });
}

/** Queries on one connection, which stays borrowed: those of a transaction. */
export function kyselyOn(session: Session): Kysely<Schema> {
  const query = (text: string, values: readonly unknown[]) => session.run(text, values);
  const client = { query: query as PostgresPoolClient["query"], release: () => undefined };
  return Object.assign(
    kyselyOf(() => Promise.resolve(client)),
    { [LAST]: () => session.endWithNext() },
  );
}

function kyselyOf(connect: () => Promise<PostgresPoolClient>): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new CatalogDialect({ pool: { connect, end: () => Promise.resolve() } }) });
}

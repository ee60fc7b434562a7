import type { Compilable, Kysely } from "kysely";
import { backoffMs } from "../../async/backoff.js";
import type { Clock } from "../../model/clock.js";
import { DomainError } from "../../model/errors.js";
import { advisoryLock, CATALOG_LOCK } from "../advisory-locks.js";
import { CatalogUnusable } from "../catalog-unusable.js";
import type { Schema } from "../schema.js";
import type { Listener, PageColumn, PageQuery, Prepared, Store, Tx, WriteOptions } from "../store.js";
import { kyselyOn, kyselyOver } from "./dialect.js";
import { openFailure } from "./open-failure.js";
import { commitFailure, ConnectionLost, isNotLast, isStalePlan, mayRunAgain, translated } from "./failures.js";
import { migrate } from "./migrate.js";
import { Notifications } from "./notifications.js";
import { pageText, unpackMembers } from "./pages.js";
import type { Session } from "./session.js";
import { Sessions, type SessionsSettings } from "./sessions.js";
import { StatementNames } from "./statement-names.js";

export const POSTGRES_DEFAULTS = {
  /** Connections for reads, at most … */
  readConnections: 8,
  /** … and for writes: those that wait for a lock must not keep reads waiting. */
  writeConnections: 8,
  maxWaiting: 10_000,
  waitMs: 30_000,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
  idleInTransactionMs: 10_000,
  idleMs: 60_000,
};

export interface PostgresSettings
  extends Pick<SessionsSettings, "connection" | "schema">, Partial<typeof POSTGRES_DEFAULTS> {
  /** One connection serves reads, writes and announcements, for a database that has only one. */
  readonly single?: boolean;
  /** Opens a database into which a catalog is being brought (importCatalog), too. */
  readonly importing?: boolean;
  /** Which place the gateway is (KnownGateway.place): its own earlier version does not bar a migration. */
  readonly place?: string | undefined;
}

/** Runs of an intent that is in the way of others: each time another one comes through, so this is never reached. */
const ATTEMPTS = 20;
const BACKOFF = { minMs: 2, maxMs: 250 };

/** The catalog's tables in PostgreSQL, for any number of gateways. */
export class PostgresStore implements Store {
  readonly shared = true;
  readonly reads: Kysely<Schema>;
  private changed = 0;

  private constructor(
    private readonly clock: Clock,
    private readonly readers: Sessions,
    private readonly writers: Sessions,
    private readonly notifications: Notifications,
  ) {
    this.reads = kyselyOver(() => readers.connect(), translated);
  }

  /**
   * Connects, and brings the schema up to date. Rejects with CatalogUnusable, which says what to do, where the database
   * cannot be reached or is set up so that it would lose something, or where a newer program has migrated it.
   */
  static async open(components: { readonly clock: Clock }, settings: PostgresSettings): Promise<PostgresStore> {
    const all = { ...POSTGRES_DEFAULTS, ...settings };
    const names = new StatementNames();
    let store: PostgresStore | undefined;
    const sessions = (connections: number) =>
      new Sessions(names, { ...all, connections }, (rows) => {
        if (store) store.changed += rows;
      });
    const writers = sessions(settings.single ? 1 : all.writeConnections);
    try {
      if (all.importing !== true && (await isBeingImported(writers)))
        throw new CatalogUnusable(
          "a catalog is being brought into this database by cess-s3 migrate-catalog, which was broken off: run it again",
        );
      const schema = await migrate(writers, { place: all.place ?? "", now: components.clock.now() });
      const notifications = settings.single
        ? Notifications.local()
        : Notifications.over({ clock: components.clock }, { ...all, schema });
      store = new PostgresStore(
        components.clock,
        settings.single ? writers : sessions(all.readConnections),
        writers,
        notifications,
      );
      return store;
    } catch (error) {
      await writers.end();
      throw openFailure(error, all.connection);
    }
  }

  prepared<Row>(query: Compilable<Row>): Prepared<Row> {
    const { sql } = query.compile();
    return async (values) => (await this.read(sql, values)) as readonly Row[];
  }

  pages(columns: readonly PageColumn[], query: { compile(): { readonly sql: string } }): PageQuery {
    const text = pageText(columns, query.compile().sql);
    return async (values) => unpackMembers(columns, (await this.read(text, values, "array")) as unknown[][]);
  }

  private async read(text: string, values: readonly unknown[], rowMode?: "array"): Promise<readonly unknown[]> {
    const session = await this.readers.connect();
    try {
      return (await session.read(text, values, rowMode)).rows;
    } catch (error) {
      throw translated(error);
    } finally {
      session.release();
    }
  }

  get changes(): number {
    return this.changed;
  }

  async write<T>(intent: (tx: Tx) => Promise<T>, options: WriteOptions = {}): Promise<T> {
    const begin = beginText(options);
    let mayEnd = true;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transaction(begin, mayEnd, intent);
      } catch (error) {
        if (mayEnd && isNotLast(error)) {
          mayEnd = false;
          continue;
        }
        if (!mayRunAgain(error)) throw translated(error);
        if (attempt === ATTEMPTS)
          throw new DomainError({ kind: "overloaded" }, "Too many changes are in each other's way.", { cause: error });
      }
      await this.clock.sleep(backoffMs(BACKOFF, attempt, Math.random));
    }
  }

  /** Rejects with what the intent threw, or with the driver's failure. */
  private async transaction<T>(begin: string, mayEnd: boolean, intent: (tx: Tx) => Promise<T>): Promise<T> {
    const session = await this.writers.connect();
    try {
      session.begin(begin, mayEnd);
      const result = await intent((session.tx ??= kyselyOn(session)));
      await commit(session);
      return result;
    } catch (error) {
      // Its end undoes what the transaction did, too.
      const lost = error instanceof ConnectionLost && session.isCommitting;
      if (!session.isBroken) await session.rollback().catch(() => session.discard());
      throw lost ? commitFailure(error) : error;
    } finally {
      session.release();
    }
  }

  /** For what brings a catalog: statements and transactions of its own, on one connection. */
  async onSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.writers.connect();
    try {
      return await work(session);
    } catch (error) {
      // It may be in the middle of a transaction.
      session.discard();
      throw translated(error);
    } finally {
      session.release();
    }
  }

  announce(topic: string, text = ""): void {
    this.notifications.announce(topic, text);
  }

  subscribe(topic: string, listener: Listener): () => void {
    return this.notifications.subscribe(topic, listener);
  }

  async time(): Promise<number> {
    const [row] = await this.read("select floor(extract(epoch from clock_timestamp()) * 1000) as now", []);
    return (row as { readonly now: number }).now;
  }

  async close(): Promise<void> {
    await this.notifications.close();
    await Promise.all([...new Set([this.readers, this.writers])].map((sessions) => sessions.end()));
  }
}

/**
 * The isolation level is named, whatever the server's default: each statement must see what was committed before the lock
 * was got, and so before the statement.
 */
function beginText({ locks = [], shares = [] }: WriteOptions): string {
  const begin = "begin isolation level read committed read write; select ";
  if (locks.length + shares.length === 0) return `${begin}pg_advisory_xact_lock(${CATALOG_LOCK})`;
  const calls = new Map(shares.map((name) => [advisoryLock(name), "pg_advisory_xact_lock_shared"]));
  for (const name of locks) calls.set(advisoryLock(name), "pg_advisory_xact_lock");
  // In order, so that intents with several names do not wait for each other in a circle.
  const named = [...calls].sort(([a], [b]) => (a < b ? -1 : 1)).map(([lock, call]) => `, ${call}(${lock})`);
  return `${begin}pg_advisory_xact_lock_shared(${CATALOG_LOCK})${named.join("")}`;
}

/**
 * A commit counts only when the server says so without a warning: one that gave up waiting for its standby says that it
 * has committed, and warns that a failover would lose it.
 */
async function commit(session: Session): Promise<void> {
  let command: string;
  try {
    ({ command } = await session.commit());
  } catch (error) {
    session.discard();
    throw mayRunAgain(error) && !isStalePlan(error) ? error : commitFailure(error);
  }
  const warning = session.takeWarning();
  if (warning !== undefined) throw commitFailure(new Error(warning));
  if (command !== "COMMIT") throw new Error(`the server answered a commit with ${command}`);
}

async function isBeingImported(sessions: Sessions): Promise<boolean> {
  const session = await sessions.connect();
  try {
    return await isImporting(session);
  } finally {
    session.release();
  }
}

/** Whether a catalog is being brought into the database, or was, up to some point. */
export async function isImporting(session: Session): Promise<boolean> {
  const { rows } = await session.run("select to_regclass('catalog_import') is not null as there", []);
  return (rows[0] as { readonly there: boolean }).there;
}

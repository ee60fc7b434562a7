import { randomBytes } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import pg from "pg";
import type { PostgresSettings } from "../../src/catalog/postgres/postgres-store.js";

/** URL of a PostgreSQL server whose user may create schemas: tests that need a server run only where it is set. */
export const TEST_POSTGRES = process.env["TEST_POSTGRES"];

/** A database for the tests of one file, and its catalog's settings. */
export interface TestDatabase {
  readonly settings: PostgresSettings;
  /** As after the migrations: for the next test. */
  empty(): Promise<void>;
  run(text: string): Promise<pg.QueryResult>;
  end(): Promise<void>;
}

/** PostgreSQL in this process. One connection, so one writer. */
export async function embeddedPostgres(): Promise<TestDatabase> {
  const pglite = await PGlite.create({
    // As a server must be set up; there is no disk that it would wait for.
    startParams: [...PGlite.defaultStartParams.filter((each) => each !== "-F"), "-c", "fsync=on"],
  });
  return {
    get settings() {
      return { connection: createPgConfig(pglite) as unknown as pg.PoolConfig, single: true };
    },
    async empty() {
      // The catalog before had these on the connection, and the next one knows nothing of them.
      await pglite.exec("deallocate all");
      await pglite.exec(await emptying(async (text) => (await pglite.query<{ name: string }>(text)).rows));
    },
    run: async (text) => (await pglite.query(text)) as unknown as pg.QueryResult,
    end: () => pglite.close(),
  };
}

/** A schema of its own on a real server. */
export async function serverPostgres(url: string): Promise<TestDatabase> {
  const schema = `test_${randomBytes(6).toString("hex")}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create schema ${schema}`);
  await client.query(`set search_path = ${schema}`);
  return {
    settings: { connection: { connectionString: url }, schema },
    async empty() {
      await client.query(await emptying(async (text) => (await client.query<{ name: string }>(text)).rows));
    },
    run: (text) => client.query(text),
    async end() {
      await client.query(`drop schema ${schema} cascade`);
      await client.end();
    },
  };
}

async function emptying(query: (text: string) => Promise<readonly { readonly name: string }[]>): Promise<string> {
  const tables = await query(
    `select tablename as name from pg_tables
     where schemaname = current_schema() and tablename not like 'kysely%' and tablename not in ('catalog_mark', 'configuration_mark', 'journal_state')`,
  );
  if (tables.length === 0) return "select 1";
  return `truncate ${tables.map(({ name }) => `"${name}"`).join(", ")} restart identity;
    update catalog_mark set generation = 0;
    update configuration_mark set buckets = 0, identities = 0;
    update journal_state set number = 0, snapshot_due = 1, changed_at = null, rebuilt_to = null`;
}

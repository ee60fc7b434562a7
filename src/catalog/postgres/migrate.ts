import { Migrator, sql } from "kysely";
import { CatalogUnusable } from "../catalog-unusable.js";
import type { ColumnTypes } from "../column-types.js";
import { knownMigrations, Migrations } from "../migrations.js";
import { barring, requireNoOlderGateways } from "../schema-compatibility.js";
import { kyselyOver } from "./dialect.js";
import type { Sessions } from "./sessions.js";

const types: ColumnTypes = {
  key: sql`text collate "C"`,
  bytes: "bytea",
  whole: "bigint",
  // Rows that are brought from another catalog keep their ids.
  counted: (column) => column.generatedByDefaultAsIdentity().primaryKey(),
};

/** Attempts to make the tables of the migrations themselves, which another gateway may be making. */
const ATTEMPTS = 3;
/** Something is there already: of a table that another transaction made, or is making. */
const THERE = new Set(["23505", "42P07", "42710"]);

/**
 * Brings the schema up to date; gateways that begin at once wait for each other. Resolves with the schema's name. Rejects
 * with CatalogUnusable where a newer program has migrated it, or an older one still runs on it.
 */
export async function migrate(
  sessions: Sessions,
  gateway: { readonly place: string; readonly now: number },
): Promise<string> {
  const db = kyselyOver(() => sessions.connect());
  const provider = new Migrations(types);
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema ?? undefined;
  if (schema === undefined)
    throw new CatalogUnusable(
      "the catalog's database has none of the schemas in the user's search_path. Create one: create schema cess_s3 " +
        "authorization …, and alter role … set search_path = cess_s3",
    );
  const known = await knownMigrations();
  const migrator = new Migrator({ db, provider, migrationTableSchema: schema });
  for (let attempt = 1; ; attempt++) {
    const applied = await migratedTo(db, schema);
    const unknown = barring(applied, known);
    if (unknown.length > 0)
      throw new CatalogUnusable(
        `the catalog in PostgreSQL has the schema ${unknown.at(-1)}, and this program knows schemas up to ${known.at(-1)}: ` +
          "a newer cess-s3 has migrated it. Run that version or a newer one, or restore a backup (pg_dump) that was made before",
      );
    const pending = known.filter((name) => !applied.includes(name));
    if (applied.length > 0) await requireNoOlderGateways(db, pending, gateway);
    const { error } = pending.length > 0 ? await migrator.migrateToLatest() : {};
    if (error === undefined) return schema;
    const { code } = error as { code?: string };
    if (attempt === ATTEMPTS || !THERE.has(code ?? ""))
      throw new Error("the schema of the catalog in PostgreSQL could not be brought up to date", { cause: error });
  }
}

/** Names of the migrations that the catalog has had, in order; none for a new one. */
async function migratedTo(db: ReturnType<typeof kyselyOver>, schema: string): Promise<string[]> {
  const table = `"${schema}".kysely_migration`;
  const there = await sql<{ is: string | null }>`select to_regclass(${table}) as is`.execute(db);
  if (there.rows[0]?.is == null) return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(`${schema}.kysely_migration`)} order by name`.execute(db);
  return rows.map(({ name }) => name);
}

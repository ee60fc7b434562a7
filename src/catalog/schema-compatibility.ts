import { sql, type Kysely } from "kysely";
import { CatalogUnusable } from "./catalog-unusable.js";
import type { Schema } from "./schema.js";

/**
 * Programs of two versions use one catalog while gateways are upgraded one after the other. A migration whose name ends in
 * `_expand` only adds what older programs need not know: they go on, and may be started again. After any other migration
 * they must end, and so it waits until none of them runs.
 */
export const isExpansion = (migration: string) => migration.endsWith("_expand");

/** Those of the migrations after which a program that does not know them must not use the catalog. */
export function barring(applied: readonly string[], known: readonly string[]): string[] {
  return applied.filter((name) => !known.includes(name) && !isExpansion(name));
}

/** A gateway that was seen so lately counts as running, ms. */
export const RUNNING_MS = 60_000;

/**
 * To be called before the migrations `pending`, where several gateways share the database. Rejects with CatalogUnusable
 * while gateways run that one of them would bar. `place`: this gateway's, which does not count.
 */
export async function requireNoOlderGateways(
  db: Kysely<Schema>,
  pending: readonly string[],
  { place, now }: { readonly place: string; readonly now: number },
): Promise<void> {
  const contracting = pending.filter((name) => !isExpansion(name)).at(-1);
  if (contracting === undefined) return;
  const tables = await db.introspection.getTables();
  if (!tables.some(({ name }) => name === "gateways")) return;
  const rows = await db
    .selectFrom("gateways")
    .select(["id", "host", "folder", "version", "schema"])
    .where("seen_at", ">", now - RUNNING_MS)
    .where("place", "!=", place)
    .orderBy("id")
    .execute();
  const older = rows.filter(({ schema }) => schema < contracting);
  if (older.length === 0) return;
  const names = older.map(
    ({ id, host, folder, version }) => `${id} (cess-s3 ${version}, host ${host}, folder ${folder})`,
  );
  throw new CatalogUnusable(
    `this version brings the catalog to the schema ${contracting}, which gateways of an older version cannot use, and ` +
      `${older.length === 1 ? "one of these runs" : "some of these run"}: ${names.join(", ")}. End them, wait a minute, and ` +
      "start again; or run their version here. Nothing was changed",
  );
}

/** Of the migrations that the catalog has had, those that are newer than all that this program knows. */
export async function newerMigrations(db: Kysely<Schema>, newest: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration where name > ${newest}`.execute(db);
  return rows.map(({ name }) => name);
}

import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type Database from "libsql";
import { CatalogUnusable } from "../catalog-unusable.js";
import { barring } from "../schema-compatibility.js";
import { measureDisk } from "../../files/disk-space.js";
import { syncFile, syncFolder } from "../../files/folder-sync.js";

/** Copies that are kept, the newest. */
const KEPT = 2;
/** A copy is as large as the database at most, and something is to be left of the disk. */
const ROOM = 1.1;
/** Tables that have a row from the beginning. */
const MARKS: ReadonlySet<string> = new Set(["catalog_mark", "configuration_mark", "journal_state"]);

/** Names of the migrations that this database has had, in order; none for a new one. */
export function appliedMigrations(database: Database.Database): string[] {
  const there = database.prepare("select 1 from sqlite_master where name = 'kysely_migration'").get();
  if (there === undefined) return [];
  const rows = database.prepare("select name from kysely_migration order by name").all() as { name: string }[];
  return rows.map(({ name }) => name);
}

/**
 * To be called before migrations. Refuses a catalog that a newer program has migrated so that this one must not use it, and
 * copies one that is about to be migrated, beside it: `catalog.sqlite.schema-0007` is as the program before left it. An empty
 * catalog is not copied. False: a newer program has migrated it, this one can use it, and migrates nothing. Rejects with
 * CatalogUnusable.
 */
export async function prepareMigration(
  database: Database.Database,
  path: string,
  known: readonly string[],
  free: (folder: string) => Promise<number> = freeBytes,
): Promise<boolean> {
  const applied = appliedMigrations(database);
  const newest = applied.at(-1);
  if (newest === undefined) return true;
  const barred = barring(applied, known);
  if (barred.length > 0) throw new CatalogUnusable(await refusal(path, barred, known));
  if (applied.some((name) => !known.includes(name))) return false;
  if (!known.every((name) => applied.includes(name)) && !isEmpty(database))
    await copyBeside(database, path, newest, free);
  return true;
}

async function freeBytes(folder: string): Promise<number> {
  return (await measureDisk(folder)).free;
}

async function refusal(path: string, unknown: readonly string[], known: readonly string[]): Promise<string> {
  const copies = await copiesOf(path);
  const copy = copies.length === 0 ? "" : ` (its copy from before an upgrade is ${copies.at(-1)})`;
  return (
    `the catalog ${path} has the schema ${unknown.at(-1)}, and this program knows schemas up to ${known.at(-1)}: a newer ` +
    `cess-s3 has written it. Run that version or a newer one, or restore a backup that this version has made${copy}`
  );
}

function isEmpty(database: Database.Database): boolean {
  const tables = database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!'")
    .all() as { name: string }[];
  return tables
    .filter(({ name }) => !name.startsWith("kysely_") && !MARKS.has(name))
    .every(({ name }) => database.prepare(`select 1 from "${name}" limit 1`).get() === undefined);
}

async function copyBeside(
  database: Database.Database,
  path: string,
  newest: string,
  free: (folder: string) => Promise<number>,
): Promise<void> {
  const copy = `${path}.schema-${newest.slice(0, 4)}`;
  const unfinished = `${copy}.new`;
  const folder = dirname(path);
  await rm(unfinished, { force: true });
  const { page_count: pages } = database.prepare("pragma page_count").get() as { page_count: number };
  const { page_size: pageSize } = database.prepare("pragma page_size").get() as { page_size: number };
  const needed = Math.ceil(pages * pageSize * ROOM);
  const room = await free(folder);
  if (room < needed) throw diskShort(path, copy, `it needs ${needed} bytes, ${room} are free`);
  try {
    copyDatabase(database, unfinished);
    await syncFile(unfinished);
    await rename(unfinished, copy);
    await syncFolder(folder);
  } catch (error) {
    await rm(unfinished, { force: true });
    const { code } = error as { code?: string };
    if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT")
      throw diskShort(path, copy, "the disk is full", { cause: error });
    throw error;
  }
  for (const old of (await copiesOf(path)).slice(0, -KEPT)) await rm(old, { force: true });
}

function diskShort(path: string, copy: string, why: string, options?: ErrorOptions): CatalogUnusable {
  return new CatalogUnusable(
    `the catalog ${path} must be brought to this program's schema, and is copied to ${copy} before: ${why}. Free some ` +
      "space and start again, or go back to the version that ran before; nothing was changed",
    options,
  );
}

/** Paths of the copies from before migrations, the oldest first. */
async function copiesOf(path: string): Promise<string[]> {
  const beginning = `${basename(path)}.schema-`;
  const names = (await readdir(dirname(path))).filter(
    (name) => name.startsWith(beginning) && /^\d{4}$/.test(name.slice(beginning.length)),
  );
  return names.sort().map((name) => join(dirname(path), name));
}

/**
 * Writes what is committed to another file, whole and without a log. `target` must not exist. The caller syncs it. Takes
 * about as long as reading and writing the database; others can read and write meanwhile, and the log grows.
 */
export function copyDatabase(database: Database.Database, target: string): void {
  database.prepare("vacuum into ?").run([target]);
}

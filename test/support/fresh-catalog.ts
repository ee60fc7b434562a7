import Database from "libsql";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";

let made: Promise<Uint8Array> | undefined;

/**
 * A catalog in a new file, as `openSqliteCatalog` makes it. The migrations are run once in a process: they take longer than
 * most tests, and nearly every test needs a catalog. It has an identity of its own.
 */
export async function openFreshCatalog(
  ...[components, settings]: Parameters<typeof openSqliteCatalog>
): Promise<Catalog> {
  await writeFile(settings.path, await (made ??= migrated(components)), { flag: "wx" });
  const database = new Database(settings.path);
  database.exec(
    "update catalog_mark set catalog = lower(hex(randomblob(16))), staging_name = lower(hex(randomblob(16))); " +
      "update journal_state set stream = lower(hex(randomblob(4)))",
  );
  database.close();
  return openSqliteCatalog(components, settings);
}

async function migrated(components: Parameters<typeof openSqliteCatalog>[0]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "cess-s3-fresh-"));
  const path = join(folder, "catalog.sqlite");
  await (await openSqliteCatalog(components, { path })).close();
  const database = new Database(path);
  database.pragma("wal_checkpoint(truncate)");
  database.close();
  const bytes = await readFile(path);
  await rm(folder, { recursive: true });
  return bytes;
}

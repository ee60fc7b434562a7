import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { systemClock } from "../../src/async/system-clock.js";
import { openPostgresCatalog } from "../../src/catalog/postgres/postgres-catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { serverPostgres, TEST_POSTGRES } from "../support/postgres.js";
import { testKeys } from "../support/test-keys.js";
import type { Figure } from "./figure.js";
import { fillCatalog, fillStatement, POSTGRES, SQLITE, storeStatements, type Stored } from "./fill-catalog.js";

const OBJECTS = 100_000;
const PREFIXES = 100;
const BUCKET = "bench";
const OWNER = "a".repeat(64);
const STORED: readonly (Stored & { readonly what: string })[] = [
  { what: "in packs of 25,000", perFile: 25_000, segments: 8 },
  { what: "in a file of their own, of one segment", perFile: 1, segments: 1 },
];

/** Bytes of the database for each object. */
async function sqliteBytes(stored: Stored): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const path = join(folder, "catalog.sqlite");
  try {
    const catalog = await openSqliteCatalog({ clock: systemClock, sealer: testKeys }, { path });
    await catalog.buckets.create({ name: BUCKET, owner: OWNER, region: "us-east-1" });
    await catalog.close();
    fillCatalog(path, BUCKET, OWNER, OBJECTS, OBJECTS / PREFIXES);
    const database = new Database(path);
    for (const statement of storeStatements(SQLITE, OWNER, OBJECTS, stored)) database.exec(statement);
    database.exec("vacuum");
    const { bytes } = database
      .prepare("select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()")
      .get() as { bytes: number };
    database.close();
    return bytes / OBJECTS;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function postgresBytes(url: string, stored: Stored): Promise<number> {
  const database = await serverPostgres(url);
  try {
    const catalog = await openPostgresCatalog({ clock: systemClock, sealer: testKeys }, database.settings);
    await catalog.buckets.create({ name: BUCKET, owner: OWNER, region: "us-east-1" });
    await catalog.close();
    await database.run(fillStatement(BUCKET, OWNER, OBJECTS, OBJECTS / PREFIXES));
    for (const statement of storeStatements(POSTGRES, OWNER, OBJECTS, stored)) await database.run(statement);
    await database.run("vacuum full");
    const { rows } = await database.run(
      "select sum(pg_total_relation_size(c.oid))::float8 as bytes from pg_class as c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'",
    );
    return (rows[0] as { bytes: number }).bytes / OBJECTS;
  } finally {
    await database.end();
  }
}

/** What the catalog's rows and indexes of a stored object take. On PostgreSQL only with a server in TEST_POSTGRES. About 20 s. */
export async function benchRows(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const stored of STORED) {
    const reference = { what: "SQLite", value: await sqliteBytes(stored), unit: "B" };
    const value = TEST_POSTGRES === undefined ? NaN : await postgresBytes(TEST_POSTGRES, stored);
    figures.push({
      what: `rows of an object ${stored.what}, PostgreSQL`,
      ours: { value, unit: "B" },
      reference,
    });
  }
  return figures;
}

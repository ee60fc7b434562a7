import { randomBytes } from "node:crypto";
import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** One row: which catalog this is, and how far it has come. */
export async function createCatalogMark(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("catalog_mark")
    .addColumn("catalog", "text", (column) => column.notNull())
    .addColumn("generation", types.whole, (column) => column.notNull())
    .execute();
  await sql`insert into catalog_mark (catalog, generation) values (${randomBytes(16).toString("hex")}, 0)`.execute(db);
}

import { randomBytes } from "node:crypto";
import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** What the place of the catalog's staged bytes is marked with, where other gateways may have staged theirs. */
export async function addStagingPlace(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema.alterTable("catalog_mark").addColumn("staging_name", "text").execute();
  await db.schema
    .alterTable("catalog_mark")
    .addColumn("staging_marked", types.whole, (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update catalog_mark set staging_name = ${randomBytes(16).toString("hex")}`.execute(db);
}

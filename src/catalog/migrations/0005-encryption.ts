import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

export async function addEncryption(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  for (const table of ["versions", "uploads"])
    await db.schema.alterTable(table).addColumn("encryption", "text").execute();
  await db.schema.alterTable("uploads").addColumn("format", "text").execute();
  await db.schema
    .createTable("key_uses")
    .addColumn("key_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("since", types.whole, (column) => column.notNull())
    .execute();
}

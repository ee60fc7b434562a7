import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

export async function addDamage(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema.alterTable("versions").addColumn("damage", "text").execute();
  await db.schema
    .createIndex("versions_damaged")
    .on("versions")
    .column("id")
    .where(sql.ref("damage"), "is not", sql.lit(null))
    .execute();
  await db.schema
    .alterTable("files")
    .addColumn("damaged", types.whole, (column) => column.notNull().defaultTo(0))
    .execute();
}

import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

export async function createConfigurations(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("configurations")
    .addColumn("bucket", types.key, (column) => column.notNull())
    .addColumn("name", types.key, (column) => column.notNull())
    .addColumn("document", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("configurations_pk", ["bucket", "name"])
    .execute();
  await db.schema.createIndex("configurations_named").on("configurations").columns(["name", "bucket"]).execute();
}

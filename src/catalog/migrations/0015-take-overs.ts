import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** Files of the network on their way to become an account's, before an object needs them. */
export async function createTakeOvers(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("take_overs")
    .addColumn("id", types.whole, types.counted)
    .addColumn("file_id", types.whole, (column) => column.notNull())
    .addColumn("bucket", types.key, (column) => column.notNull())
    .addColumn("key", types.key, (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("take_overs_of_file").on("take_overs").columns(["file_id"]).execute();
}

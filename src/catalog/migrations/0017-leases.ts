import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** What was told of territories that end, and what was spent on them. */
export async function createLeases(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("lease_notices")
    .addColumn("cess_account", types.key, (column) => column.notNull())
    .addColumn("territory", types.key, (column) => column.notNull())
    .addColumn("deadline", types.whole, (column) => column.notNull())
    .addColumn("days", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("lease_notices_key", ["cess_account", "territory"])
    .execute();
  await db.schema
    .createTable("lease_spends")
    .addColumn("id", types.whole, types.counted)
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("cess_account", types.key, (column) => column.notNull())
    .addColumn("territory", types.key, (column) => column.notNull())
    .addColumn("amount", "text", (column) => column.notNull())
    .addColumn("before", "text", (column) => column.notNull())
    .addColumn("at", types.whole, (column) => column.notNull())
    .addColumn("nonce", types.whole)
    .addColumn("until_block", types.whole)
    .addColumn("ended", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("lease_spends_by_time").on("lease_spends").columns(["at"]).execute();
}

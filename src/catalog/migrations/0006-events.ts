import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

export async function createEvents(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("events")
    .addColumn("id", types.whole, types.counted)
    .addColumn("webhook", types.key, (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .addColumn("document", "text", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("events_of_webhook").on("events").columns(["webhook", "id"]).execute();
  await db.schema
    .createTable("dropped_events")
    .addColumn("webhook", types.key, (column) => column.primaryKey().notNull())
    .addColumn("count", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("events_by_age").on("events").columns(["created_at"]).execute();
}

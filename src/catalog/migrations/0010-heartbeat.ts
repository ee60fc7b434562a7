import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** A table of one row, which is written to see whether the catalog can be. */
export async function createHeartbeat(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("heartbeat")
    .addColumn("id", types.whole, (column) => column.primaryKey().notNull())
    .addColumn("beat_at", types.whole, (column) => column.notNull())
    .execute();
}

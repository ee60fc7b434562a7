import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** Changes of a bucket's usage in several rows, of which writers that run beside each other take different ones. */
export async function createUsageSlots(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("usage_slots")
    .addColumn("bucket", types.key, (column) => column.notNull())
    .addColumn("slot", types.whole, (column) => column.notNull())
    .addColumn("bytes", types.whole, (column) => column.notNull())
    .addColumn("upload_bytes", types.whole, (column) => column.notNull())
    .addColumn("objects", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("usage_slots_pk", ["bucket", "slot"])
    .execute();
}

import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** Who holds a job, by which of its leases; names that are leased; the signing account's extrinsics under way. */
export async function addFences(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable("jobs")
    .addColumn("holder", types.key, (column) => column.notNull().defaultTo(""))
    .execute();
  await db.schema
    .alterTable("jobs")
    .addColumn("lease", types.whole, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable("locks")
    .addColumn("token", types.whole, types.counted)
    .addColumn("name", types.key, (column) => column.notNull().unique())
    .addColumn("holder", types.key, (column) => column.notNull())
    .addColumn("until_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("extrinsics")
    .addColumn("id", types.whole, types.counted)
    .addColumn("account", types.key, (column) => column.notNull())
    .addColumn("nonce", types.whole, (column) => column.notNull())
    .addColumn("holder", types.key, (column) => column.notNull())
    .addColumn("reserved_until_at", types.whole, (column) => column.notNull())
    .addColumn("until_block", types.whole)
    .addColumn("sent_block", types.whole)
    .addColumn("bytes", "text")
    .addUniqueConstraint("extrinsics_by_nonce", ["account", "nonce"])
    .execute();
}

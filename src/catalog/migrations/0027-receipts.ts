import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/**
 * What receipts tell of files: the blocks of their orders. Of files that are there already they are not known. And those
 * that were deleted on the chain, whose rows are gone.
 */
export async function addReceipts(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  for (const column of ["declared_block", "deleted_block"])
    await db.schema.alterTable("files").addColumn(column, types.whole).execute();
  await db.schema
    .createTable("deleted_files")
    .addColumn("fid", types.key, (column) => column.notNull())
    .addColumn("account", types.key, (column) => column.notNull())
    .addColumn("block", types.whole)
    .addColumn("deleted_at", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("deleted_files_pk", ["fid", "account"])
    .execute();
  await db.schema.createIndex("deleted_files_age").on("deleted_files").column("deleted_at").execute();
}

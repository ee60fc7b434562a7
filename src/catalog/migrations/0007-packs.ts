import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

export async function createPacks(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema.alterTable("files").addColumn("packed", "text").execute();
  await db.schema
    .alterTable("files")
    .addColumn("live_bytes", types.whole, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex("packs_by_fill")
    .on("files")
    .columns(["state", "owner", "territory", "packed", "live_bytes"])
    .where(sql.ref("packed"), "is not", sql.lit(null))
    .execute();
  await db.schema.alterTable("extents").addColumn("stored_length", types.whole).execute();
  await db.schema.alterTable("extents").addColumn("digest", "text").execute();
  // Finds the copies that share a run of a pack, among tens of thousands of runs.
  await db.schema.dropIndex("extents_in_file").execute();
  await db.schema.createIndex("extents_in_file").on("extents").columns(["file_id", "offset", "version_id"]).execute();
  await db.schema
    .createTable("pack_queue")
    .addColumn("version_id", types.whole, (column) => column.primaryKey().notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("packed", "text", (column) => column.notNull())
    .addColumn("size", types.whole, (column) => column.notNull())
    .addColumn("queued_at", types.whole, (column) => column.notNull())
    .addColumn("format", "text")
    .execute();
  await db.schema
    .createIndex("pack_queues")
    .on("pack_queue")
    .columns(["owner", "packed", "queued_at", "version_id", "size"])
    .execute();
  await db.schema
    .createTable("pack_moves")
    .addColumn("file_id", types.whole, (column) => column.notNull())
    .addColumn("offset", types.whole, (column) => column.notNull())
    .addColumn("length", types.whole, (column) => column.notNull())
    .addColumn("source_id", types.whole, (column) => column.notNull())
    .addColumn("source_offset", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("pack_moves_pk", ["file_id", "offset"])
    .execute();
  await db.schema.createIndex("pack_moves_from").on("pack_moves").columns(["source_id", "source_offset"]).execute();
}

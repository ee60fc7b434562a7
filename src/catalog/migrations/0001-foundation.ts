import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

export async function foundation(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await createBuckets(db, types);
  await createVersions(db, types);
  await createFiles(db, types);
  await createUploads(db, types);
  await createJobs(db, types);
}

async function createBuckets(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("buckets")
    .addColumn("name", types.key, (column) => column.primaryKey().notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("region", "text", (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("buckets_of_owner").on("buckets").columns(["owner", "name"]).execute();
}

async function createVersions(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("versions")
    .addColumn("id", types.whole, types.counted)
    .addColumn("bucket", types.key, (column) => column.notNull())
    .addColumn("key", types.key, (column) => column.notNull())
    .addColumn("version_id", "text", (column) => column.notNull())
    .addColumn("is_latest", "integer", (column) => column.notNull())
    .addColumn("delete_marker", "integer", (column) => column.notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("size", types.whole, (column) => column.notNull())
    .addColumn("etag", "text", (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .addColumn("staged_segments", types.whole, (column) => column.notNull())
    .addColumn("fid", "text")
    .addColumn("content", "text")
    .addColumn("metadata", "text")
    .addColumn("checksum", "text")
    .addColumn("parts", "text")
    .execute();
  await db.schema
    .createIndex("versions_named")
    .unique()
    .on("versions")
    .columns(["bucket", "key", "version_id"])
    .execute();
  // The index for listings. It has each key once, whatever the number of versions, and tells delete markers without
  // reading the row.
  await db.schema
    .createIndex("versions_current")
    .unique()
    .on("versions")
    .columns(["bucket", "key", "delete_marker"])
    .where(sql.ref("is_latest"), "=", sql.lit(1))
    .execute();
  await db.schema
    .createIndex("versions_staged")
    .on("versions")
    .columns(["owner", "staged_segments"])
    .where(sql.ref("staged_segments"), ">", sql.lit(0))
    .execute();
  await createBlobLinks(db, types, "version_blobs", "version_id");
  await db.schema
    .createTable("extents")
    .addColumn("version_id", types.whole, (column) => column.notNull())
    .addColumn("position", types.whole, (column) => column.notNull())
    .addColumn("file_id", types.whole, (column) => column.notNull())
    .addColumn("offset", types.whole, (column) => column.notNull())
    .addColumn("length", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("extents_pk", ["version_id", "position"])
    .execute();
  await db.schema.createIndex("extents_in_file").on("extents").columns(["file_id", "version_id"]).execute();
}

async function createFiles(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("files")
    .addColumn("id", types.whole, types.counted)
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("fid", "text", (column) => column.notNull())
    .addColumn("territory", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("segment_count", types.whole, (column) => column.notNull())
    .addColumn("reports", types.whole, (column) => column.notNull())
    .addColumn("declared", "integer", (column) => column.notNull())
    .addColumn("failure", "text")
    .addColumn("signed_nonce", types.whole)
    .addColumn("signed_until_block", types.whole)
    .addColumn("size", types.whole, (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .addColumn("format", "text")
    .addColumn("segments", types.bytes, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("files_named").unique().on("files").columns(["fid", "owner"]).execute();
  await db.schema.createIndex("files_in_state").on("files").columns(["state", "owner", "segment_count"]).execute();
  await createBlobLinks(db, types, "file_blobs", "file_id");
  await db.schema
    .createTable("placements")
    .addColumn("file_id", types.whole, (column) => column.notNull())
    .addColumn("fragment_index", types.whole, (column) => column.notNull())
    .addColumn("node", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("since", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("placements_pk", ["file_id", "fragment_index"])
    .execute();
}

async function createBlobLinks(db: Kysely<unknown>, types: ColumnTypes, table: string, holder: string): Promise<void> {
  await db.schema
    .createTable(table)
    .addColumn(holder, types.whole, (column) => column.notNull())
    .addColumn("position", types.whole, (column) => column.notNull())
    .addColumn("blob", "text", (column) => column.notNull())
    .addColumn("offset", types.whole, (column) => column.notNull())
    .addColumn("length", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint(`${table}_pk`, [holder, "position"])
    .execute();
  await db.schema.createIndex(`${table}_by_blob`).on(table).column("blob").execute();
}

async function createUploads(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("uploads")
    .addColumn("id", types.key, (column) => column.primaryKey().notNull())
    .addColumn("bucket", types.key, (column) => column.notNull())
    .addColumn("key", types.key, (column) => column.notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("ended_at", types.whole)
    .addColumn("content", "text")
    .addColumn("metadata", "text")
    .addColumn("checksum_algorithm", "text")
    .addColumn("checksum_type", "text")
    .addColumn("result", "text")
    .execute();
  await db.schema
    .createIndex("uploads_open")
    .on("uploads")
    .columns(["bucket", "key", "created_at", "id"])
    .where(sql.ref("state"), "=", sql.lit("open"))
    .execute();
  await db.schema
    .createIndex("uploads_ended")
    .on("uploads")
    .columns(["ended_at"])
    .where(sql.ref("ended_at"), "is not", sql.lit(null))
    .execute();
  await db.schema
    .createTable("parts")
    .addColumn("upload_id", types.key, (column) => column.notNull())
    .addColumn("part_number", types.whole, (column) => column.notNull())
    .addColumn("size", types.whole, (column) => column.notNull())
    .addColumn("etag", "text", (column) => column.notNull())
    .addColumn("checksum", "text")
    .addColumn("blob", "text", (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("parts_pk", ["upload_id", "part_number"])
    .execute();
  await db.schema.createIndex("parts_by_blob").on("parts").column("blob").execute();
  await db.schema
    .createTable("preparations")
    .addColumn("subject", types.key, (column) => column.notNull())
    .addColumn("segment_index", types.whole, (column) => column.notNull())
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("hashes", types.bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint("preparations_pk", ["subject", "segment_index"])
    .execute();
}

async function createJobs(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("jobs")
    .addColumn("id", types.whole, types.counted)
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("subject", types.whole, (column) => column.notNull())
    .addColumn("due_at", types.whole, (column) => column.notNull())
    .addColumn("leased", "integer", (column) => column.notNull())
    .addColumn("woken", "integer", (column) => column.notNull())
    .addColumn("attempt", types.whole, (column) => column.notNull())
    .addColumn("failure", "text")
    .addColumn("format", "text")
    .execute();
  await db.schema.createIndex("jobs_named").unique().on("jobs").columns(["kind", "subject"]).execute();
  await db.schema.createIndex("jobs_due").on("jobs").columns(["kind", "due_at", "id"]).execute();
}

import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** Accounts and access keys beside those of the configuration, and what each bucket holds, with its quota. */
export async function createIdentity(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("accounts")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("name", types.key, (column) => column.notNull().unique())
    .addColumn("cess_account", "text", (column) => column.notNull())
    .addColumn("territory", "text", (column) => column.notNull())
    .addColumn("reads_network", types.whole, (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .addColumn("disabled_at", types.whole)
    .addColumn("quota_bytes", types.whole)
    .addColumn("quota_objects", types.whole)
    .execute();
  await db.schema
    .createTable("access_keys")
    .addColumn("id", types.key, (column) => column.primaryKey().notNull())
    .addColumn("account", "text", (column) => column.notNull())
    .addColumn("secret", "text", (column) => column.notNull())
    .addColumn("limits", "text")
    .addColumn("policy", "text")
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("access_keys_of_account").on("access_keys").columns(["account"]).execute();
  await db.schema
    .createTable("bucket_usage")
    .addColumn("bucket", types.key, (column) => column.primaryKey().notNull())
    .addColumn("bytes", types.whole, (column) => column.notNull())
    .addColumn("upload_bytes", types.whole, (column) => column.notNull())
    .addColumn("objects", types.whole, (column) => column.notNull())
    .addColumn("quota_bytes", types.whole)
    .addColumn("quota_objects", types.whole)
    .execute();
  await sql`
    insert into bucket_usage (bucket, bytes, upload_bytes, objects)
    select b.name,
      coalesce((select sum(v.size) from versions v where v.bucket = b.name), 0),
      coalesce((select sum(p.size) from parts p join uploads u on u.id = p.upload_id where u.bucket = b.name), 0),
      (select count(*) from versions v where v.bucket = b.name and v.delete_marker = 0)
    from buckets b`.execute(db);
}

import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** The gateways that use the catalog, and how far what they keep in memory of it has come. */
export async function createGateways(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("configuration_mark")
    .addColumn("id", types.whole, (column) => column.primaryKey().notNull())
    .addColumn("buckets", types.whole, (column) => column.notNull())
    .addColumn("identities", types.whole, (column) => column.notNull())
    .execute();
  await sql`insert into configuration_mark (id, buckets, identities) values (1, 0, 0)`.execute(db);
  await db.schema
    .createTable("final_blocks")
    .addColumn("genesis", types.key, (column) => column.primaryKey().notNull())
    .addColumn("number", types.whole, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("gateways")
    .addColumn("id", types.key, (column) => column.primaryKey().notNull())
    .addColumn("incarnation", "text", (column) => column.notNull())
    .addColumn("place", "text", (column) => column.notNull())
    .addColumn("host", "text", (column) => column.notNull())
    .addColumn("folder", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("schema", "text", (column) => column.notNull())
    .addColumn("staging", "text")
    .addColumn("address", "text")
    .addColumn("started_at", types.whole, (column) => column.notNull())
    .addColumn("seen_at", types.whole, (column) => column.notNull())
    .addColumn("beats", types.whole, (column) => column.notNull())
    .execute();
}

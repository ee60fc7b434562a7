import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";
import { noteChanges } from "./0028-journal.js";

/** Of `journal_changes.kind`. It is in journals, too, so it never changes. */
const SHARE = 9;

/** Buckets that others may read, which journals tell of; and the snapshots that were written for them. */
export async function createShares(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("shares")
    .addColumn("id", types.key, (column) => column.primaryKey().notNull())
    .addColumn("bucket", types.key, (column) => column.notNull())
    .addColumn("recipient", "text", (column) => column.notNull())
    .addColumn("created_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("share_snapshots")
    .addColumn("file_id", types.whole, (column) => column.primaryKey().notNull())
    .addColumn("share", types.key, (column) => column.notNull())
    .addColumn("number", types.whole, (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("digest", "text", (column) => column.notNull())
    .addColumn("read_at", types.whole, (column) => column.notNull())
    .execute();
  await noteChanges(db, { table: "shares", kind: SHARE, name: "id" });
}

import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** What is known of stored files: when they were looked at, how many fragments are left, which nodes have lost theirs. */
export async function createChecks(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const flag = ["check_soon", "restored", "renew"] as const;
  for (const name of flag)
    await db.schema
      .alterTable("files")
      .addColumn(name, "integer", (column) => column.notNull().defaultTo(0))
      .execute();
  await db.schema
    .alterTable("files")
    .addColumn("checked_at", types.whole, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable("files").addColumn("redundancy", types.whole).execute();
  await db.schema.alterTable("files").addColumn("degraded_since", types.whole).execute();
  await sql`update files set checked_at = created_at`.execute(db);
  const partial = (name: string, columns: readonly string[], column: string, value: string | number) =>
    db.schema
      .createIndex(name)
      .on("files")
      .columns([...columns])
      .where(sql.ref(column), "=", sql.lit(value))
      .execute();
  await partial("files_by_check", ["checked_at"], "state", "stored");
  await partial("files_by_redundancy", ["redundancy", "checked_at"], "state", "stored");
  await partial("files_to_check_soon", ["id"], "check_soon", 1);
  await partial("files_restored", ["fid"], "restored", 1);
  await partial("packs_to_renew", ["id"], "renew", 1);
  await db.schema.createIndex("placements_by_node").on("placements").columns(["node", "file_id"]).execute();
  const failing = (table: string) =>
    db.schema
      .createTable(table)
      .addColumn("node", "text", (column) => column.notNull())
      .addColumn("since", types.whole, (column) => column.notNull())
      .addColumn("samples", types.whole, (column) => column.notNull())
      .addColumn("last_at", types.whole, (column) => column.notNull());
  await failing("failing_nodes").addPrimaryKeyConstraint("failing_nodes_pk", ["node"]).execute();
  await failing("failing_fragments")
    .addColumn("file_id", types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint("failing_fragments_pk", ["file_id", "node"])
    .execute();
}

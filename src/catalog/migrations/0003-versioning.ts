import type { Kysely } from "kysely";

export async function addVersioning(db: Kysely<unknown>): Promise<void> {
  for (const table of ["versions", "uploads"]) {
    await db.schema.alterTable(table).addColumn("tags", "text").execute();
    await db.schema.alterTable(table).addColumn("lock", "text").execute();
  }
  // The index for listings of versions. Ids grow, so the newest version of a key comes first.
  await db.schema.createIndex("versions_by_age").on("versions").columns(["bucket", "key", "id desc"]).execute();
}

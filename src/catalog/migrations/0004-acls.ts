import type { Kysely } from "kysely";

export async function addAcls(db: Kysely<unknown>): Promise<void> {
  for (const table of ["versions", "uploads"]) await db.schema.alterTable(table).addColumn("acl", "text").execute();
}

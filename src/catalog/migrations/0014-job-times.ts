import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** When a job was added. Of those that are there already it is not known: the time they are due is the nearest to it. */
export async function addJobTimes(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable("jobs")
    .addColumn("created_at", types.whole, (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update jobs set created_at = due_at`.execute(db);
}

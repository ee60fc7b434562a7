import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** When a file came to each state on its way. Of files that are there already it is not known. */
export async function addStateTimes(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  for (const column of ["declared_at", "placed_at", "stored_at"])
    await db.schema.alterTable("files").addColumn(column, types.whole).execute();
}

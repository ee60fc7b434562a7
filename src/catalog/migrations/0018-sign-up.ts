import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.js";

/** Challenges that wallets have signed, which count once, and the authorizations that the gateway paid for. */
export async function createSignUp(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("used_challenges")
    .addColumn("nonce", types.key, (column) => column.primaryKey().notNull())
    .addColumn("expires_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("used_challenges_by_end").on("used_challenges").columns(["expires_at"]).execute();
  await db.schema
    .createTable("paid_authorizations")
    .addColumn("id", types.whole, types.counted)
    .addColumn("account", "text", (column) => column.notNull())
    .addColumn("paid_at", types.whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("paid_authorizations_by_time").on("paid_authorizations").columns(["paid_at"]).execute();
}

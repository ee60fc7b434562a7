import { sql, type Kysely } from "kysely";

/** Objects are looked up by FID, also before a file is made of them. */
export async function indexVersionsByFid(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex("versions_by_fid")
    .on("versions")
    .column("fid")
    .where(sql.ref("fid"), "is not", sql.lit(null))
    .execute();
}

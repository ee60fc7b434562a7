import { sql } from "kysely";
import type { WrongUsage } from "./catalog.js";
import type { Tx } from "./store.js";

/** What the versions and parts of each bucket add up to, and what is counted for it. */
const USAGES = sql`
  select b.name as bucket,
    coalesce(c.bytes, 0) as bytes, coalesce(c.upload_bytes, 0) as upload_bytes, coalesce(c.objects, 0) as objects,
    coalesce((select sum(v.size) from versions v where v.bucket = b.name), 0) as actual_bytes,
    coalesce((select sum(p.size) from parts p join uploads u on u.id = p.upload_id where u.bucket = b.name), 0)
      as actual_upload_bytes,
    (select count(*) from versions v where v.bucket = b.name and v.delete_marker = 0) as actual_objects
  from buckets b left join (
    select bucket, sum(bytes) as bytes, sum(upload_bytes) as upload_bytes, sum(objects) as objects
    from (select bucket, bytes, upload_bytes, objects from bucket_usage
      union all select bucket, bytes, upload_bytes, objects from usage_slots) as counted
    group by bucket
  ) as c on c.bucket = b.name`;

interface UsagesRow {
  readonly bucket: string;
  readonly bytes: number;
  readonly upload_bytes: number;
  readonly objects: number;
  readonly actual_bytes: number;
  readonly actual_upload_bytes: number;
  readonly actual_objects: number;
}

/** Reads all versions and parts. */
export async function wrongUsages(db: Tx): Promise<WrongUsage[]> {
  const { rows } = await sql<UsagesRow>`
    select * from (${USAGES}) as all_usages
    where bytes <> actual_bytes or upload_bytes <> actual_upload_bytes or objects <> actual_objects
    order by bucket`.execute(db);
  return rows.map((row) => ({
    bucket: row.bucket,
    counted: { bytes: row.bytes, uploadBytes: row.upload_bytes, objects: row.objects },
    actual: { bytes: row.actual_bytes, uploadBytes: row.actual_upload_bytes, objects: row.actual_objects },
  }));
}

export async function recount(tx: Tx, bucket: string): Promise<void> {
  const { rows } = await sql<UsagesRow>`select * from (${USAGES}) as all_usages where bucket = ${bucket}`.execute(tx);
  const [row] = rows;
  if (!row) return;
  const usage = { bytes: row.actual_bytes, upload_bytes: row.actual_upload_bytes, objects: row.actual_objects };
  await tx.deleteFrom("usage_slots").where("bucket", "=", bucket).execute();
  await tx
    .insertInto("bucket_usage")
    .values({ bucket, ...usage })
    .onConflict((conflict) => conflict.column("bucket").doUpdateSet(usage))
    .execute();
}

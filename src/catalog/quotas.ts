import { defined } from "../model/defined.js";
import type { Quota } from "../model/quota.js";
import type { BucketUsageTable } from "./schema.js";
import type { Tx } from "./store.js";

/** What an operator allows a bucket, as its row has it. */
export function toQuota(row: Pick<BucketUsageTable, "quota_bytes" | "quota_objects"> | undefined): Quota {
  return defined({ bytes: row?.quota_bytes ?? undefined, objects: row?.quota_objects ?? undefined });
}

export async function quotaOf(db: Tx, bucket: string): Promise<Quota> {
  const row = db.selectFrom("bucket_usage").select(["quota_bytes", "quota_objects"]).where("bucket", "=", bucket);
  return toQuota(await row.executeTakeFirst());
}

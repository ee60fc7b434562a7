import { noBucket } from "../model/bucket.js";
import { defined } from "../model/defined.js";
import {
  addUsage,
  NO_USAGE,
  requireQuota,
  type AccountQuota,
  type Quota,
  type Usage,
  type UsageChange,
} from "../model/quota.js";
import type { UsageCatalog } from "./catalog.js";
import type { BucketUsageTable } from "./schema.js";
import { statement, type Prepared, type Store, type Tx } from "./store.js";

type UsageRow = Omit<BucketUsageTable, "bucket">;

const USAGE = ["bytes", "upload_bytes", "objects"] as const;
const COLUMNS = [...USAGE, "quota_bytes", "quota_objects"] as const;

/** One statement, which also makes the row of a bucket that had none. */
const addToRow = statement<UsageChange & { readonly bucket: string }>()((db, bound) =>
  db
    .insertInto("bucket_usage")
    .values({
      bucket: bound("bucket"),
      bytes: bound("bytes"),
      upload_bytes: bound("uploadBytes"),
      objects: bound("objects"),
    })
    .onConflict((conflict) =>
      conflict.column("bucket").doUpdateSet((row) => ({
        bytes: row("bucket_usage.bytes", "+", row.ref("excluded.bytes")),
        upload_bytes: row("bucket_usage.upload_bytes", "+", row.ref("excluded.upload_bytes")),
        objects: row("bucket_usage.objects", "+", row.ref("excluded.objects")),
      })),
    )
    .returning(COLUMNS),
);

/**
 * Counts what a transaction changes in a bucket: called once in each that inserts or removes versions or parts. Throws
 * DomainError `quotaExceeded` when the bucket's quota, or that of its owner's account, leaves no room for it.
 */
export async function changeUsage(
  tx: Tx,
  { bucket, owner }: { readonly bucket: string; readonly owner: string },
  change: UsageChange,
  accountQuota?: AccountQuota,
): Promise<void> {
  const [row] = await addToRow(tx, { bucket, ...change });
  if (!row) throw new Error("the usage of a bucket was not written");
  requireQuota(toQuota(row), before(toUsage(row), change), change, `bucket ${bucket}`);
  if (!accountQuota) return;
  // Only few accounts have a quota, and this reads one row for each of their buckets.
  const usage = toUsage((await ownerRows(tx, owner).executeTakeFirst()) ?? {});
  requireQuota(accountQuota, before(usage, change), change, `account ${accountQuota.account}`);
}

/** What is freed passes every quota: for transactions that only remove. */
export function freeUsage(tx: Tx, bucket: string, freed: UsageChange): Promise<void> {
  return changeUsage(tx, { bucket, owner: "" }, negative(freed));
}

/** What a version counts for. */
export function usageOf(version: { readonly size: number; readonly deleteMarker?: boolean }): Usage {
  return { ...NO_USAGE, bytes: version.size, objects: version.deleteMarker === true ? 0 : 1 };
}

/** What it changes to put one version in the place of another. */
export function replacement(added: Usage, replaced: Usage | undefined): UsageChange {
  return replaced ? addUsage(added, negative(replaced)) : added;
}

function negative({ bytes, uploadBytes, objects }: Usage): UsageChange {
  return { bytes: -bytes, uploadBytes: -uploadBytes, objects: -objects };
}

const before = (after: Usage, change: UsageChange) => addUsage(after, negative(change));

function toUsage(row: Partial<Record<keyof UsageRow, number | null>>): Usage {
  return { bytes: row.bytes ?? 0, uploadBytes: row.upload_bytes ?? 0, objects: row.objects ?? 0 };
}

function toQuota({
  quota_bytes: bytes,
  quota_objects: objects,
}: Pick<UsageRow, "quota_bytes" | "quota_objects">): Quota {
  return defined({ bytes: bytes ?? undefined, objects: objects ?? undefined });
}

function ownerRows(tx: Tx, owner: string) {
  return tx
    .selectFrom("buckets as b")
    .innerJoin("bucket_usage as u", "u.bucket", "b.name")
    .select(({ fn }) => USAGE.map((column) => fn.sum<number | null>(`u.${column}`).as(column)))
    .where("b.owner", "=", owner);
}

export class UsageTableCatalog implements UsageCatalog {
  private readonly row: Prepared<UsageRow>;

  constructor(private readonly store: Store) {
    this.row = store.prepared(store.reads.selectFrom("bucket_usage").select(COLUMNS).where("bucket", "=", ""));
  }

  async bucket(name: string): Promise<{ readonly usage: Usage; readonly quota: Quota }> {
    const [row] = await this.row([name]);
    return row ? { usage: toUsage(row), quota: toQuota(row) } : { usage: NO_USAGE, quota: {} };
  }

  async owner(id: string): Promise<Usage> {
    return toUsage((await ownerRows(this.store.reads, id).executeTakeFirst()) ?? {});
  }

  async setQuota(bucket: string, quota: Quota): Promise<void> {
    await this.store.write(async (tx) => {
      const known = await tx.selectFrom("buckets").select("name").where("name", "=", bucket).executeTakeFirst();
      if (!known) throw noBucket(bucket);
      const columns = { quota_bytes: quota.bytes ?? null, quota_objects: quota.objects ?? null };
      await tx
        .insertInto("bucket_usage")
        .values({ bucket, bytes: 0, upload_bytes: 0, objects: 0, ...columns })
        .onConflict((conflict) => conflict.column("bucket").doUpdateSet(columns))
        .execute();
    });
  }
}

import { type CompiledQuery, type QueryCreator, sql } from "kysely";
import { noBucket } from "../model/bucket.js";
import {
  addUsage,
  isUnlimited,
  NO_USAGE,
  requireQuota,
  type AccountQuota,
  type Quota,
  type Usage,
  type UsageChange,
} from "../model/quota.js";
import type { BucketCache } from "./bucket-cache.js";
import type { UsageCatalog } from "./catalog.js";
import { quotaOf, toQuota } from "./quotas.js";
import type { BucketUsageTable, Schema } from "./schema.js";
import { compiledOnce, lock, runsAlone, single, type Prepared, type Store, type Tx } from "./store.js";

type UsageRow = Omit<BucketUsageTable, "bucket">;

const USAGE = ["bytes", "upload_bytes", "objects"] as const;
/** Rows over which the changes of one bucket are spread, at most: more than a gateway has connections that write. */
const SLOTS = 64;
const COLUMNS = [...USAGE, "quota_bytes", "quota_objects"] as const;

/** A change of a bucket's usage. */
type BucketChange = UsageChange & { readonly bucket: string };

/** One statement, which also makes the row of a bucket that had none. */
function rowInsert(db: QueryCreator<Schema>, bound: (name: keyof BucketChange) => never) {
  return db
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
    .returning(COLUMNS);
}

const addToRow = single<BucketChange>()(rowInsert);
const addition = compiledOnce<BucketChange, unknown>(rowInsert);

/** Whether a statement reads or changes the rows to which `BatchUsage` is still to be added. */
export function touchesUsage(sql: string): boolean {
  return sql.includes("bucket_usage");
}

/** By which a transaction has the BatchUsage of its batch. */
export const BATCH_USAGE = Symbol("batch usage");

/**
 * What the transactions of one batch have changed that need not know how much a bucket holds: it is written once for each
 * bucket, before the batch is committed or a statement looks at it.
 */
export class BatchUsage {
  private changes = new Map<string, UsageChange>();
  private marked = new Map<string, UsageChange>();

  add(bucket: string, change: UsageChange): void {
    this.changes.set(bucket, addUsage(this.changes.get(bucket) ?? NO_USAGE, change));
  }

  /** Marks a point within the batch … */
  mark(): void {
    this.marked = new Map(this.changes);
  }

  /** … to which all that was added or written since is undone. */
  undo(): void {
    this.changes = new Map(this.marked);
  }

  /** Nothing of the batch is to be written. */
  clear(): void {
    this.changes.clear();
    this.marked.clear();
  }

  /** The statements that are to be run now. */
  take(tx: Tx): readonly CompiledQuery[] {
    const changes = [...this.changes];
    this.changes.clear();
    return changes.map(([bucket, change]) => addition(tx, { bucket, ...change }));
  }
}

/** As `changeUsage`, for a change that no quota refuses. */
export async function addToUsage(tx: Tx, bucket: string, change: UsageChange): Promise<void> {
  const { [BATCH_USAGE]: batch } = tx as { readonly [BATCH_USAGE]?: BatchUsage };
  if (batch) batch.add(bucket, change);
  else await changeUsage(tx, { bucket, owner: "" }, change);
}

/**
 * The same where other transactions run beside: those of one bucket would wait for each other's commits at its one row. So
 * each connection adds to a row of its own, and tells the quota of the bucket.
 */
export function slotInsert(db: QueryCreator<Schema>, bound: (name: keyof UsageChange | "bucket") => never) {
  const quota = (column: "quota_bytes" | "quota_objects") =>
    db.selectFrom("bucket_usage").select(column).where("bucket", "=", bound("bucket")).as(column);
  return db
    .insertInto("usage_slots")
    .values({
      bucket: bound("bucket"),
      slot: sql<number>`mod(pg_backend_pid(), ${sql.lit(SLOTS)})`,
      bytes: bound("bytes"),
      upload_bytes: bound("uploadBytes"),
      objects: bound("objects"),
    })
    .onConflict((conflict) =>
      conflict.columns(["bucket", "slot"]).doUpdateSet((row) => ({
        bytes: row("usage_slots.bytes", "+", row.ref("excluded.bytes")),
        upload_bytes: row("usage_slots.upload_bytes", "+", row.ref("excluded.upload_bytes")),
        objects: row("usage_slots.objects", "+", row.ref("excluded.objects")),
      })),
    )
    .returning([quota("quota_bytes"), quota("quota_objects")]);
}

const addToSlot = single<BucketChange>()(slotInsert);

/**
 * Counts what a transaction changes in a bucket: called once in each that inserts or removes versions or parts. Throws
 * DomainError `quotaExceeded` when the bucket's quota, or that of its owner's account, leaves no room for it.
 */
export async function changeUsage(
  tx: Tx,
  { bucket, owner }: Subject,
  change: UsageChange,
  accountQuota?: AccountQuota,
): Promise<void> {
  const counted = await (runsAlone(tx) ? addAlone : addBeside)(tx, bucket, change);
  await requireQuotas(tx, { bucket, owner }, change, counted, accountQuota);
}

/** As `changeUsage`, after `slotInsert` was run as a part of another statement: `row` is what it has returned. */
export async function checkUsage(
  tx: Tx,
  { bucket, owner }: Subject,
  change: UsageChange,
  row: QuotaRow,
  accountQuota?: AccountQuota,
): Promise<void> {
  await requireQuotas(tx, { bucket, owner }, change, await countedBeside(tx, bucket, row), accountQuota);
}

async function requireQuotas(
  tx: Tx,
  { bucket, owner }: Subject,
  change: UsageChange,
  { quota, usage }: Counted,
  accountQuota?: AccountQuota,
): Promise<void> {
  requireQuota(quota, before(usage, change), change, `bucket ${bucket}`);
  if (!accountQuota) return;
  // Writers of one account come one after another here, until their commits. What is freed beside only makes room.
  await lock(tx, [`usage of account ${owner}`]);
  // Only few accounts have a quota, and this reads few rows for each of their buckets.
  const all = toUsage((await ownerRows(tx, owner).executeTakeFirst()) ?? {});
  requireQuota(accountQuota, before(all, change), change, `account ${accountQuota.account}`);
}

/** A bucket and its owner. */
interface Subject {
  readonly bucket: string;
  readonly owner: string;
}

type QuotaRow = Pick<UsageRow, "quota_bytes" | "quota_objects">;

interface Counted {
  readonly quota: Quota;
  /** With the change; nothing where the bucket has no quota that it could exceed. */
  readonly usage: Usage;
}

async function addAlone(tx: Tx, bucket: string, change: UsageChange): Promise<Counted> {
  const row = await addToRow(tx, { bucket, ...change });
  if (!row) throw new Error("the usage of a bucket was not written");
  return { quota: toQuota(row), usage: toUsage(row) };
}

async function addBeside(tx: Tx, bucket: string, change: UsageChange): Promise<Counted> {
  const row = await addToSlot(tx, { bucket, ...change });
  if (!row) throw new Error("the usage of a bucket was not written");
  return countedBeside(tx, bucket, row);
}

async function countedBeside(tx: Tx, bucket: string, row: QuotaRow): Promise<Counted> {
  const quota = toQuota(row);
  if (isUnlimited(quota)) return { quota, usage: NO_USAGE };
  await lock(tx, [`usage of bucket ${bucket}`]);
  return { quota, usage: toUsage((await bucketRow(tx, bucket).executeTakeFirst()) ?? {}) };
}

/** What is freed passes every quota: for transactions that only remove. */
export function freeUsage(tx: Tx, bucket: string, freed: Usage): Promise<void> {
  return addToUsage(tx, bucket, negative(freed));
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

function bucketRow(db: Tx, bucket: string) {
  return db
    .selectFrom(
      db
        .selectFrom("bucket_usage")
        .select(USAGE)
        .where("bucket", "=", bucket)
        .unionAll(db.selectFrom("usage_slots").select(USAGE).where("bucket", "=", bucket))
        .as("u"),
    )
    .select(({ fn }) => USAGE.map((column) => fn.sum<number | null>(`u.${column}`).as(column)));
}

function ownerRows(tx: Tx, owner: string) {
  const rows = tx
    .selectFrom("buckets as b")
    .innerJoin("bucket_usage as r", "r.bucket", "b.name")
    .select(["r.bytes", "r.upload_bytes", "r.objects"])
    .where("b.owner", "=", owner);
  const slots = tx
    .selectFrom("buckets as b")
    .innerJoin("usage_slots as s", "s.bucket", "b.name")
    .select(["s.bytes", "s.upload_bytes", "s.objects"])
    .where("b.owner", "=", owner);
  return tx
    .selectFrom(rows.unionAll(slots).as("u"))
    .select(({ fn }) => USAGE.map((column) => fn.sum<number | null>(`u.${column}`).as(column)));
}

export class UsageTableCatalog implements UsageCatalog {
  private readonly usage: Prepared<Partial<Record<(typeof USAGE)[number], number | null>>>;

  constructor(
    private readonly store: Store,
    private readonly cache: BucketCache,
  ) {
    this.usage = store.prepared(bucketRow(store.reads, ""));
  }

  async quota(bucket: string): Promise<Quota> {
    return (await this.cache.read(bucket))?.quota ?? {};
  }

  async bucket(name: string): Promise<{ readonly usage: Usage; readonly quota: Quota }> {
    const [quota, [usage]] = await Promise.all([quotaOf(this.store.reads, name), this.usage([name, name])]);
    return { usage: toUsage(usage ?? {}), quota };
  }

  async owner(id: string): Promise<Usage> {
    return toUsage((await ownerRows(this.store.reads, id).executeTakeFirst()) ?? {});
  }

  async setQuota(bucket: string, quota: Quota): Promise<void> {
    await this.cache.change(this.store, bucket, async (tx) => {
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

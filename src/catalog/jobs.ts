import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import { LeaseLost } from "../model/lease-lost.js";
import type { Job, JobCatalog, JobKind } from "./catalog.js";
import type { FormatColumn } from "./segment-columns.js";
import { statement, toRowId, whole, type Store, type Tx } from "./store.js";

export const jobKinds: readonly JobKind[] = ["encode", "store", "delete"];

const insertJob = statement<{
  readonly kind: JobKind;
  readonly subject: number;
  readonly now: number;
  readonly format: string | null;
}>()((db, bound) =>
  db
    .insertInto("jobs")
    .values({
      kind: bound("kind"),
      subject: bound("subject"),
      due_at: bound("now"),
      leased: 0,
      woken: 0,
      attempt: 0,
      failure: null,
      format: bound("format"),
      created_at: bound("now"),
    })
    .onConflict((conflict) => conflict.columns(["kind", "subject"]).doNothing()),
);

/** Adds a job that is due at `now`, unless the subject has one of this kind. `format`: as in the column. */
export async function addJob(
  tx: Tx,
  now: number,
  kind: JobKind,
  subject: number,
  format: string | null = null,
): Promise<void> {
  await insertJob(tx, { kind, subject, now, format });
}

export async function removeJob(tx: Tx, kind: JobKind, subject: number): Promise<void> {
  await deleteJob(tx, { kind, subject });
}

const deleteJob = statement<{ readonly kind: JobKind; readonly subject: number }>()((db, bound) =>
  db.deleteFrom("jobs").where("kind", "=", bound("kind")).where("subject", "=", bound("subject")),
);

/**
 * Makes jobs due now. A leased job is only marked: its worker may have read the chain before the news came, so it is
 * due again as soon as it is released.
 */
export async function wakeJobs(
  tx: Tx,
  now: number,
  kinds: readonly JobKind[],
  subjects?: readonly number[],
): Promise<number> {
  let update = tx
    .updateTable("jobs")
    .set((eb) => ({
      woken: eb.ref("leased"),
      due_at: eb
        .case()
        .when(eb.or([eb("leased", "=", 1), eb("due_at", "<", now)]))
        .then(eb.ref("due_at"))
        .else(whole(now))
        .end(),
    }))
    .where("kind", "in", kinds);
  if (subjects) update = update.where("subject", "in", subjects);
  return Number((await update.executeTakeFirst()).numUpdatedRows);
}

/** The job's row, while the lease that it was taken by is its last one and was not given back. */
export function isCurrent({ id, lease }: Job) {
  return sql<boolean>`id = ${toRowId(id) ?? 0} and lease = ${lease} and leased = 1`;
}

/** To be thrown where the lease is not current. */
export async function jobLost(tx: Tx, { kind, id }: Job): Promise<LeaseLost> {
  const row = await tx
    .selectFrom("jobs")
    .select("id")
    .where("id", "=", toRowId(id) ?? 0)
    .executeTakeFirst();
  return new LeaseLost(`${kind} job ${id}`, row === undefined);
}

export class JobTableCatalog implements JobCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly formats: FormatColumn,
    private readonly gateway: string,
  ) {}

  lease(kinds: readonly JobKind[], limit: number, leaseMs: number): Promise<readonly Job[]> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      const due = [];
      // One index lookup for each kind, so that a long queue of one kind does not hide the others.
      for (const kind of kinds) {
        due.push(
          ...(await tx
            .selectFrom("jobs")
            .select(["id", "kind", "subject", "attempt", "format", "due_at", "lease"])
            .where("kind", "=", kind)
            .where("due_at", "<=", now)
            .orderBy("due_at")
            .orderBy("id")
            .limit(limit)
            .execute()),
        );
      }
      const taken = due.sort((a, b) => a.due_at - b.due_at || a.id - b.id).slice(0, limit);
      if (taken.length === 0) return [];
      await tx
        .updateTable("jobs")
        .set((eb) => ({ due_at: now + leaseMs, leased: 1, woken: 0, holder: this.gateway, lease: eb("lease", "+", 1) }))
        .where(
          "id",
          "in",
          taken.map((job) => job.id),
        )
        .execute();
      return taken.map((job) => ({
        id: String(job.id),
        kind: job.kind,
        subject: String(job.subject),
        attempt: job.attempt,
        lease: job.lease + 1,
        ...(job.format === null ? {} : { format: this.formats.unpack(job.format) }),
      }));
    });
  }

  extend(job: Job, leaseMs: number): Promise<void> {
    return this.store.write(async (tx) => {
      const update = tx.updateTable("jobs").set({ due_at: this.clock.now() + leaseMs });
      const { numUpdatedRows } = await update.where(isCurrent(job)).executeTakeFirst();
      if (numUpdatedRows === 0n) throw await jobLost(tx, job);
    });
  }

  release(job: Job, at: number, failed?: string): Promise<void> {
    return this.store.write(async (tx) => {
      const update = tx.updateTable("jobs").set((eb) => ({
        due_at: eb
          .case()
          .when("woken", "=", 1)
          .then(whole(Math.min(at, this.clock.now())))
          .else(whole(at))
          .end(),
        leased: 0 as const,
        woken: 0 as const,
        ...(failed === undefined ? { failure: null } : { attempt: eb("attempt", "+", 1), failure: failed }),
      }));
      const { numUpdatedRows } = await update.where(isCurrent(job)).executeTakeFirst();
      if (numUpdatedRows === 0n) throw await jobLost(tx, job);
    });
  }

  finish(job: Job): Promise<void> {
    return this.store.write(async (tx) => {
      const { numDeletedRows } = await tx.deleteFrom("jobs").where(isCurrent(job)).executeTakeFirst();
      if (numDeletedRows === 0n) throw await jobLost(tx, job);
    });
  }

  wakeFid(fid: Fid): Promise<number> {
    return this.store.write(async (tx) => {
      const files = await tx.selectFrom("files").select("id").where("fid", "=", fid).execute();
      return files.length === 0
        ? 0
        : wakeJobs(
            tx,
            this.clock.now(),
            ["store", "delete"],
            files.map((file) => file.id),
          );
    });
  }

  wakeAll(kind: JobKind): Promise<number> {
    return this.store.write((tx) => wakeJobs(tx, this.clock.now(), [kind]));
  }

  async nextDue(kinds: readonly JobKind[] = jobKinds): Promise<number | undefined> {
    let next: number | undefined;
    for (const kind of kinds) {
      const row = await this.store.reads
        .selectFrom("jobs")
        .select("due_at")
        .where("kind", "=", kind)
        .orderBy("due_at")
        .limit(1)
        .executeTakeFirst();
      if (row && (next === undefined || row.due_at < next)) next = row.due_at;
    }
    return next;
  }

  async releaseOwn(): Promise<void> {
    await this.store.write((tx) => {
      const leased = tx
        .updateTable("jobs")
        .set({ due_at: this.clock.now(), leased: 0, woken: 0 })
        .where("leased", "=", 1);
      // Alone, this gateway may have had another id.
      return (this.store.shared ? leased.where("holder", "=", this.gateway) : leased).execute();
    });
  }

  async count(): Promise<Readonly<Record<JobKind, number>>> {
    const counts: Record<JobKind, number> = { encode: 0, store: 0, delete: 0 };
    const rows = await this.store.reads
      .selectFrom("jobs")
      .select(["kind", sql<number>`count(*)`.as("count")])
      .groupBy("kind")
      .execute();
    for (const row of rows) counts[row.kind] = row.count;
    return counts;
  }
}

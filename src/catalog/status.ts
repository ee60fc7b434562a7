import { sql, type Kysely } from "kysely";
import type { Clock } from "../model/clock.js";
import type {
  StateTimes,
  DurabilityGroup,
  FailedFile,
  FileState,
  JobCount,
  JobKind,
  JobState,
  ListedJob,
  StatusCatalog,
} from "./catalog.js";
import { fromKeyText } from "./key-text.js";
import type { Schema } from "./schema.js";
import { toRowId, type Store } from "./store.js";

/** Files whose versions' bytes are staged here. */
const NOT_STORED = ["encoded", "declared", "placed", "failed", "deleting"] as const satisfies readonly FileState[];

export class StatusTableCatalog implements StatusCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async jobs(): Promise<readonly JobCount[]> {
    const rows = await this.store.reads
      .selectFrom("jobs")
      .select(["kind", stateOf(this.clock.now()).as("state")])
      .select(sql<number>`count(*)`.as("count"))
      .select(({ fn }) => fn.min<number>("created_at").as("oldest"))
      .groupBy(["kind", "state"])
      .execute();
    return rows;
  }

  async listJobs(limit: number, before?: number): Promise<readonly ListedJob[]> {
    let query = listed(this.store.reads, this.clock.now())
      .orderBy(sql`jobs.failure is null`)
      .orderBy("jobs.created_at")
      .orderBy("jobs.id")
      .limit(limit);
    if (before !== undefined)
      query = query.where((eb) => eb.or([eb("jobs.failure", "is not", null), eb("jobs.created_at", "<", before)]));
    return (await query.execute()).map(toListed);
  }

  async job(kind: JobKind, subject: string): Promise<ListedJob | undefined> {
    const row = await listed(this.store.reads, this.clock.now())
      .where("jobs.kind", "=", kind)
      .where("jobs.subject", "=", toRowId(subject) ?? 0)
      .executeTakeFirst();
    return row && toListed(row);
  }

  retryJob(id: string): Promise<boolean> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("jobs")
        .set({ due_at: this.clock.now() })
        .where("id", "=", toRowId(id) ?? 0)
        .where("leased", "=", 0)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  retryFailing(): Promise<number> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("jobs")
        .set({ due_at: this.clock.now() })
        .where("failure", "is not", null)
        .where("leased", "=", 0)
        .executeTakeFirst();
      return Number(numUpdatedRows);
    });
  }

  async failedFiles(limit: number): Promise<readonly FailedFile[]> {
    const rows = await this.store.reads
      .selectFrom("files")
      .select(["id", "fid", "failure"])
      .where("state", "=", "failed")
      .orderBy("id")
      .limit(limit)
      .execute();
    return rows.map(({ id, fid, failure }) => ({ file: String(id), fid, failure: failure ?? "" }));
  }

  async objects() {
    const counts = { damaged: 0, staged: 0, encoded: 0, declared: 0, placed: 0, stored: 0, failed: 0 };
    const db = this.store.reads;
    const all = await db
      .selectFrom("versions")
      .select(sql<number>`count(*)`.as("count"))
      .where("delete_marker", "=", 0)
      .executeTakeFirst();
    const staged = await db
      .selectFrom("versions")
      .select(sql<number>`count(*)`.as("count"))
      .where("staged_segments", ">", 0)
      .where("damage", "is", null)
      .executeTakeFirst();
    const damaged = await db
      .selectFrom("versions")
      .select(sql<number>`count(*)`.as("count"))
      .where("damage", "is not", null)
      .executeTakeFirst();
    const onTheWay = await db
      .selectFrom(
        db
          .selectFrom("files")
          .innerJoin("extents", "extents.file_id", "files.id")
          .innerJoin("versions", "versions.id", "extents.version_id")
          .select("extents.version_id")
          .select(sql<number>`${leastRank}`.as("rank"))
          .where("files.state", "in", NOT_STORED)
          .where("versions.damage", "is", null)
          .groupBy("extents.version_id")
          .as("ranked"),
      )
      .select(["rank", sql<number>`count(*)`.as("count")])
      .groupBy("rank")
      .execute();
    counts.staged = staged?.count ?? 0;
    counts.damaged = damaged?.count ?? 0;
    for (const { rank, count } of onTheWay) counts[RANKS[rank] ?? "encoded"] += count;
    const elsewhere = Object.values(counts).reduce((sum, count) => sum + count, 0);
    counts.stored = Math.max(0, (all?.count ?? 0) - elsewhere);
    return counts;
  }

  async bucketDurability(bucket: string, limit: number): Promise<readonly DurabilityGroup[]> {
    const db = this.store.reads;
    const versions = db
      .selectFrom("versions")
      .select(["id", "size", "damage", "staged_segments"])
      .where("bucket", "=", bucket)
      .where("delete_marker", "=", 0)
      .orderBy("key")
      .limit(limit);
    const each = db
      .selectFrom(versions.as("v"))
      .leftJoin("extents", "extents.version_id", "v.id")
      .leftJoin("files", "files.id", "extents.file_id")
      .select("v.size")
      .select(
        sql<number>`case when v.damage is not null then 5 when v.staged_segments > 0 then 6 else coalesce(${leastRank}, 4) end`.as(
          "rank",
        ),
      )
      .select(sql<number | null>`min(files.redundancy)`.as("redundancy"))
      .groupBy(["v.id", "v.size", "v.damage", "v.staged_segments"]);
    const rows = await db
      .selectFrom(each.as("each"))
      .select(["rank", "redundancy"])
      .select(sql<number>`count(*)`.as("objects"))
      .select(sql<number>`sum(size)`.as("bytes"))
      .groupBy(["rank", "redundancy"])
      .orderBy("rank")
      .orderBy("redundancy")
      .execute();
    return rows.map(({ rank, redundancy, objects, bytes }) => ({
      state: RANKS[rank] ?? "staged",
      objects,
      bytes,
      ...(redundancy === null ? {} : { redundancy }),
    }));
  }

  /** Ids of versions grow with time, and indexes have them: the least is found without reading the rows. */
  async oldestStaged(): Promise<number | undefined> {
    const db = this.store.reads;
    const staged = await db
      .selectFrom("versions")
      .select(({ fn }) => fn.min<number | null>("id").as("id"))
      .where("staged_segments", ">", 0)
      .executeTakeFirst();
    const inFiles = await db
      .selectFrom("files")
      .innerJoin("extents", "extents.file_id", "files.id")
      .select(({ fn }) => fn.min<number | null>("extents.version_id").as("id"))
      .where("files.state", "in", NOT_STORED)
      .executeTakeFirst();
    const ids = [staged?.id, inFiles?.id].filter((id) => typeof id === "number");
    if (ids.length === 0) return undefined;
    const row = await db
      .selectFrom("versions")
      .select("created_at")
      .where("id", "=", Math.min(...ids))
      .executeTakeFirst();
    return row?.created_at;
  }

  async fragmentsByNode(files: number): Promise<ReadonlyMap<string, number>> {
    const newest = this.store.reads
      .selectFrom("files")
      .select(["id", "segment_count"])
      .where("state", "not in", ["failed", "deleting"])
      .orderBy("id", "desc")
      .limit(files);
    const rows = await this.store.reads
      .selectFrom(newest.as("f"))
      .innerJoin("placements as p", "p.file_id", "f.id")
      .where("p.state", "!=", "assigned")
      .select("p.node")
      .select(({ fn }) => fn.sum<number | string>("f.segment_count").as("fragments"))
      .groupBy("p.node")
      .execute();
    return new Map(rows.map(({ node, fragments }) => [node, Number(fragments)]));
  }

  async stateTimes(file: string): Promise<StateTimes> {
    const row = await this.store.reads
      .selectFrom("files")
      .select(["created_at as encoded", "declared_at as declared", "placed_at as placed", "stored_at as stored"])
      .where("id", "=", toRowId(file) ?? 0)
      .executeTakeFirst();
    return Object.fromEntries(Object.entries(row ?? {}).filter(([, time]) => time !== null));
  }

  async queuedAt(version: string): Promise<number | undefined> {
    const row = await this.store.reads
      .selectFrom("pack_queue")
      .select("queued_at")
      .where("version_id", "=", toRowId(version) ?? 0)
      .executeTakeFirst();
    return row?.queued_at;
  }
}

/** A version of several files is where its least file is: its place in RANKS; null without files. */
const leastRank = sql<
  number | null
>`min(case files.state when 'failed' then 0 when 'encoded' then 1 when 'deleting' then 1
  when 'declared' then 2 when 'placed' then 3 when 'stored' then 4 end)`;
const RANKS = ["failed", "encoded", "declared", "placed", "stored", "damaged", "staged"] as const;

/** Literals, because the expression stands in GROUP BY, too. */
function stateOf(now: number) {
  return sql<JobState>`case when leased = 1 then 'leased' when jobs.failure is not null then 'failing' when due_at <= ${sql.lit(now)} then 'due' else 'waiting' end`;
}

function listed(db: Kysely<Schema>, now: number) {
  return db
    .selectFrom("jobs")
    .leftJoin("versions", (join) => join.onRef("versions.id", "=", "jobs.subject").on("jobs.kind", "=", "encode"))
    .leftJoin("files", (join) => join.onRef("files.id", "=", "jobs.subject").on("jobs.kind", "!=", "encode"))
    .select([
      "jobs.id",
      "jobs.kind",
      "jobs.subject",
      "jobs.attempt",
      "jobs.failure",
      "jobs.created_at",
      "jobs.due_at",
      "versions.bucket",
      "versions.key",
      "files.fid",
    ])
    .select(stateOf(now).as("state"));
}

type Row = Awaited<ReturnType<ReturnType<typeof listed>["execute"]>>[number];

function toListed({ id, kind, subject, state, attempt, failure, bucket, key, fid, ...times }: Row): ListedJob {
  return {
    id: String(id),
    kind,
    subject: String(subject),
    state,
    attempt,
    createdAt: times.created_at,
    dueAt: times.due_at,
    ...(failure === null ? {} : { failure }),
    ...(bucket === null || key === null ? {} : { bucket, key: fromKeyText(key) }),
    ...(fid === null ? {} : { fid }),
  };
}

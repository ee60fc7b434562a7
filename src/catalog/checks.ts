import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import { FRAGMENTS } from "../model/sizes.js";
import { fileBlobs, linkFileBlobs, unlinkFileBlobs } from "./blob-links.js";
import type { CheckCatalog, CheckSummary, Failing, FileChecked, FileToCheck, RestoredFile } from "./catalog.js";
import { isReferenced } from "./file-links.js";
import { addJob } from "./jobs.js";
import { fromKeyText } from "./key-text.js";
import { toRowId, type Store, type Tx } from "./store.js";

/** Exactly as in the partial indexes, which bound values would not match. */
const isStored = sql<boolean>`state = 'stored'`;
const isToCheckSoon = sql<boolean>`check_soon = 1`;
const isRestored = sql<boolean>`restored = 1`;

export class CheckTableCatalog implements CheckCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async due(before: number, degradedBefore: number, limit: number): Promise<readonly FileToCheck[]> {
    const query = () => this.storedFiles().limit(limit);
    const rows = [
      ...(await query().where(isToCheckSoon).execute()),
      ...(await query()
        .where("redundancy", "<", FRAGMENTS)
        .where("checked_at", "<=", degradedBefore)
        .orderBy("redundancy")
        .orderBy("checked_at")
        .execute()),
      ...(await query().where("checked_at", "<=", before).orderBy("checked_at").execute()),
    ];
    const files = new Map(rows.map((row) => [row.id, row]));
    return [...files.values()].slice(0, limit).map(toFile);
  }

  async degraded(since: number, limit: number): Promise<readonly FileToCheck[]> {
    const rows = await this.storedFiles()
      .where("redundancy", "<", FRAGMENTS)
      .where("degraded_since", "<=", since)
      .where("renew", "=", 0)
      .orderBy("redundancy")
      .orderBy("degraded_since")
      .limit(limit)
      .execute();
    return rows.map(toFile);
  }

  private storedFiles() {
    return this.store.reads
      .selectFrom("files")
      .select(["id", "fid", "packed", "checked_at", "degraded_since"])
      .where(isStored);
  }

  async failing(file: string): Promise<readonly Failing[]> {
    const rows = await this.store.reads
      .selectFrom("failing_fragments")
      .select(["node", "since", "samples", "last_at"])
      .where("file_id", "=", toRowId(file) ?? 0)
      .execute();
    return rows.map(toFailing);
  }

  checked(id: string, { redundancy, degraded, failed, answered }: FileChecked): Promise<void> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      const file = toRowId(id) ?? 0;
      const moved = await tx
        .updateTable("files")
        .set((eb) => ({
          checked_at: now,
          check_soon: 0,
          redundancy,
          degraded_since: degraded ? eb.fn.coalesce("degraded_since", eb.val(now)) : null,
        }))
        .where("id", "=", file)
        .where("state", "=", "stored")
        .executeTakeFirst();
      if (Number(moved.numUpdatedRows) === 0) return;
      if (answered.length > 0)
        await tx
          .deleteFrom("failing_fragments")
          .where("file_id", "=", file)
          .where("node", "in", [...answered])
          .execute();
      for (const node of failed)
        await tx
          .insertInto("failing_fragments")
          .values({ file_id: file, node, since: now, samples: 1, last_at: now })
          .onConflict((conflict) =>
            conflict
              .columns(["file_id", "node"])
              .doUpdateSet((eb) => ({ samples: eb("failing_fragments.samples", "+", 1), last_at: now })),
          )
          .execute();
    });
  }

  async holders(): Promise<readonly string[]> {
    const rows = await this.store.reads.selectFrom("placements").select("node").distinct().execute();
    return rows.map(({ node }) => node);
  }

  async failingNodes(): Promise<readonly Failing[]> {
    const rows = await this.store.reads.selectFrom("failing_nodes").selectAll().execute();
    return rows.map(toFailing);
  }

  nodesChecked(failed: readonly string[]): Promise<void> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      const failing = new Set(failed);
      for (const { node } of await tx.selectFrom("failing_nodes").select("node").execute()) {
        if (failing.has(node)) continue;
        await tx.deleteFrom("failing_nodes").where("node", "=", node).execute();
        await checkSoon(tx, node);
      }
      for (const node of failed) {
        const known = await tx
          .updateTable("failing_nodes")
          .set((eb) => ({ samples: eb("samples", "+", 1), last_at: now }))
          .where("node", "=", node)
          .executeTakeFirst();
        if (Number(known.numUpdatedRows) > 0) continue;
        await tx.insertInto("failing_nodes").values({ node, since: now, samples: 1, last_at: now }).execute();
        await checkSoon(tx, node);
      }
    });
  }

  async redundancy(files: readonly string[]): Promise<number | undefined> {
    if (files.length === 0) return undefined;
    const row = await this.store.reads
      .selectFrom("files")
      .select(({ fn }) => fn.min<number | null>("redundancy").as("least"))
      .where(
        "id",
        "in",
        files.map((file) => toRowId(file) ?? 0),
      )
      .executeTakeFirst();
    return row?.least ?? undefined;
  }

  beginRepair(files: readonly RestoredFile[]): Promise<boolean> {
    return this.store.write(async (tx) => {
      const rows = files.map(({ file, slices }) => ({ file: toRowId(file) ?? 0, slices }));
      for (const { file } of rows) {
        const row = await tx.selectFrom("files").select(["state", "packed"]).where("id", "=", file).executeTakeFirst();
        if (row?.state !== "stored" || row.packed !== null || !(await isReferenced(tx, file))) return false;
      }
      for (const { file, slices } of rows) {
        await unlinkFileBlobs(tx, file);
        await linkFileBlobs(tx, file, slices);
        await tx
          .updateTable("files")
          .set({ state: "deleting", restored: 1, reports: 0, check_soon: 0 })
          .where("id", "=", file)
          .execute();
        await addJob(tx, this.clock.now(), "delete", file);
      }
      return true;
    });
  }

  async restoredBytes(fid: Fid): Promise<readonly BlobSlice[]> {
    const rows = await this.store.reads
      .selectFrom("files")
      .select("id")
      .where("fid", "=", fid)
      .where(isRestored)
      .orderBy("size", "desc")
      .limit(1)
      .execute();
    return rows[0] ? fileBlobs(this.store.reads, rows[0].id) : [];
  }

  async renewPack(file: string): Promise<void> {
    await this.store.write((tx) =>
      tx
        .updateTable("files")
        .set({ renew: 1 })
        .where("id", "=", toRowId(file) ?? 0)
        .where("state", "=", "stored")
        .where("packed", "is not", null)
        .execute(),
    );
  }

  async objects(file: string, limit: number): Promise<readonly { readonly bucket: string; readonly key: string }[]> {
    const rows = await this.store.reads
      .selectFrom("extents as e")
      .innerJoin("versions as v", "v.id", "e.version_id")
      .select(["v.bucket", "v.key"])
      .distinct()
      .where("e.file_id", "=", toRowId(file) ?? 0)
      .limit(limit)
      .execute();
    return rows.map(({ bucket, key }) => ({ bucket: fromKeyText(bucket), key: fromKeyText(key) }));
  }

  async summary(): Promise<CheckSummary> {
    const db = this.store.reads;
    const counts = await db
      .selectFrom("files")
      .select(["redundancy", sql<number>`count(*)`.as("count")])
      .where(isStored)
      .where("redundancy", "is not", null)
      .groupBy("redundancy")
      .execute();
    const oldest = await db
      .selectFrom("files")
      .select("checked_at")
      .where(isStored)
      .orderBy("checked_at")
      .limit(1)
      .executeTakeFirst();
    const count = sql<number>`count(*)`.as("count");
    const restored = await db.selectFrom("files").select(count).where(isRestored).executeTakeFirst();
    const nodes = await db.selectFrom("failing_nodes").select(count).executeTakeFirst();
    return {
      byRedundancy: Object.fromEntries(counts.map((row) => [row.redundancy ?? 0, row.count])),
      oldest: oldest?.checked_at,
      restored: restored?.count ?? 0,
      failingNodes: nodes?.count ?? 0,
    };
  }
}

/** Stored files of which this node was given fragments. */
async function checkSoon(tx: Tx, node: string): Promise<void> {
  await tx
    .updateTable("files")
    .set({ check_soon: 1 })
    .where("id", "in", (eb) => eb.selectFrom("placements").select("file_id").where("node", "=", node))
    .where("state", "=", "stored")
    .execute();
}

function toFile(row: {
  readonly id: number;
  readonly fid: string;
  readonly packed: string | null;
  readonly checked_at: number;
  readonly degraded_since: number | null;
}): FileToCheck {
  return {
    file: String(row.id),
    fid: row.fid as Fid,
    layout: row.packed === null ? "own-file" : "pack",
    checkedAt: row.checked_at,
    ...(row.degraded_since !== null && { degradedSince: row.degraded_since }),
  };
}

function toFailing(row: {
  readonly node: string;
  readonly since: number;
  readonly samples: number;
  readonly last_at: number;
}): Failing {
  return { node: row.node, since: row.since, samples: row.samples, lastAt: row.last_at };
}

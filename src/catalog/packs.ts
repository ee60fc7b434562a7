import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { Fid, Hash } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import { CHARGED_PER_SEGMENT, SEGMENT_SIZE } from "../model/sizes.js";
import { fileBlobs, linkFileBlobs, orphansAmong } from "./blob-links.js";
import type {
  AccountUsage,
  NewPack,
  PackCatalog,
  PackContent,
  PackQueue,
  PackRun,
  QueuedObject,
  Released,
  StoredPack,
} from "./catalog.js";
import { recordStored } from "./events.js";
import { addLiveBytes, insertFile, releaseFile } from "./file-links.js";
import { addJob } from "./jobs.js";
import { dequeue } from "./pack-queue.js";
import type { FormatColumn } from "./segment-columns.js";
import { chunks, toRowId, type Store, type Tx } from "./store.js";
import { toStoredPack, unmergedPacks } from "./stored-packs.js";

/** States in which a pack takes objects: its bytes are staged, or the network has them. */
const TAKING = ["encoded", "declared", "placed", "stored"] as const;

export class PackTableCatalog implements PackCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly formats: FormatColumn,
  ) {}

  async queues(): Promise<readonly PackQueue[]> {
    const rows = await this.store.reads
      .selectFrom("pack_queue")
      .select(["owner", "packed"])
      .select(({ fn }) => [
        fn.countAll<number>().as("objects"),
        fn.sum<number>("size").as("bytes"),
        fn.min("queued_at").as("oldest"),
      ])
      .groupBy(["owner", "packed"])
      .execute();
    return rows.map(({ packed, ...row }) => ({ ...row, format: packed }));
  }

  async queued(
    { owner, format }: Pick<PackQueue, "owner" | "format">,
    limit: number,
    after?: Pick<QueuedObject, "version" | "queuedAt">,
  ): Promise<readonly QueuedObject[]> {
    let query = this.store.reads
      .selectFrom("pack_queue")
      .select(["version_id", "queued_at", "size", "format"])
      .where("owner", "=", owner)
      .where("packed", "=", format)
      .orderBy("queued_at")
      .orderBy("version_id")
      .limit(limit);
    if (after) {
      const { queuedAt, version } = after;
      query = query
        .where("queued_at", ">=", queuedAt)
        .where((eb) => eb.or([eb("queued_at", ">", queuedAt), eb("version_id", ">", toRowId(version) ?? 0)]));
    }
    const rows = await query.execute();
    const slices = await this.slices(rows.map((row) => row.version_id));
    return rows.map((row) => ({
      version: String(row.version_id),
      queuedAt: row.queued_at,
      size: row.size,
      blobs: slices.get(row.version_id) ?? [],
      format: this.formats.unpack(row.format),
    }));
  }

  private async slices(versions: readonly number[]): Promise<Map<number, BlobSlice[]>> {
    const slices = new Map<number, BlobSlice[]>();
    for (const some of chunks(versions)) {
      const rows = await this.store.reads
        .selectFrom("version_blobs")
        .select(["version_id", "blob", "offset", "length"])
        .where("version_id", "in", some)
        .orderBy("version_id")
        .orderBy("position")
        .execute();
      for (const { version_id: version, ...slice } of rows) {
        const known = slices.get(version);
        if (known) known.push(slice as BlobSlice);
        else slices.set(version, [slice as BlobSlice]);
      }
    }
    return slices;
  }

  postpone(version: string): Promise<boolean> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("pack_queue")
        .set({ queued_at: this.clock.now() })
        .where("version_id", "=", toRowId(version) ?? 0)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  fill(
    pack: NewPack,
    content: PackContent,
    file?: string,
  ): Promise<Released & { readonly file: string | undefined; readonly linked: number }> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      const known = file === undefined ? undefined : await takingPack(tx, file);
      // Whoever waits for a pack that is gone goes on waiting.
      if (file !== undefined && !known) return NOTHING_LINKED;
      const waiting = new Set(await dequeue(tx, rowIds(content)));
      const objects = content.objects.filter(({ version }) => waiting.has(toRowId(version) ?? 0));
      if (!known && objects.length + content.moves.length === 0) return NOTHING_LINKED;
      const row = known ?? (await insertPack(tx, now, pack));
      const released: string[] = [];
      for (const some of chunks(objects)) released.push(...(await this.link(tx, now, row, pack.fid, some)));
      for (const some of chunks(content.moves))
        await tx
          .insertInto("pack_moves")
          .values(
            some.map(({ offset, length, source }) => ({
              file_id: row.id,
              offset,
              length,
              source_id: toRowId(source.file) ?? 0,
              source_offset: source.offset,
            })),
          )
          .execute();
      return {
        file: String(row.id),
        linked: objects.length + content.moves.length,
        orphans: await orphansAmong(tx, released),
      };
    });
  }

  private async link(
    tx: Tx,
    now: number,
    { id, state }: PackRow,
    fid: Fid,
    objects: PackContent["objects"],
  ): Promise<string[]> {
    const rows = objects.map(({ version, size, offset, length, digest }) => ({
      version_id: toRowId(version) ?? 0,
      position: 0,
      file_id: id,
      offset,
      length: size,
      stored_length: length,
      digest,
    }));
    const versions = rows.map((row) => row.version_id);
    await tx.insertInto("extents").values(rows).execute();
    await tx.updateTable("versions").set({ staged_segments: 0, fid }).where("id", "in", versions).execute();
    await addLiveBytes(
      tx,
      id,
      objects.reduce((sum, { length }) => sum + length, 0),
    );
    if (state === "stored") for (const version of versions) await recordStored(tx, now, { version });
    const released = await tx
      .deleteFrom("version_blobs")
      .where("version_id", "in", versions)
      .returning("blob")
      .execute();
    return released.map((row) => row.blob);
  }

  settleMoves(limit: number, graceMs: number): Promise<number> {
    return this.store.write(async (tx) => {
      const moves = await tx
        .selectFrom("pack_moves as m")
        .innerJoin("files as f", "f.id", "m.file_id")
        .select(["m.file_id", "f.fid", "m.offset", "m.length", "m.source_id", "m.source_offset"])
        .where("f.state", "=", "stored")
        .orderBy("m.file_id")
        .orderBy("m.offset")
        .limit(limit)
        .execute();
      const touched = new Set<number>();
      for (const move of moves) {
        await settleMove(tx, move);
        touched.add(move.source_id).add(move.file_id);
      }
      const due = this.clock.now() + graceMs;
      for (const file of touched) await releaseFile(tx, due, file);
      return moves.length;
    });
  }

  async belowHalf(): Promise<readonly StoredPack[]> {
    const rows = await this.mergeable()
      .where("f.live_bytes", "<", sql<number>`f.segment_count * ${sql.lit(SEGMENT_SIZE / 2)}`)
      .execute();
    return rows.map(toStoredPack);
  }

  async toRenew(): Promise<readonly StoredPack[]> {
    const rows = await this.mergeable()
      .where(sql<boolean>`f.renew = 1`)
      .execute();
    return rows.map(toStoredPack);
  }

  private mergeable() {
    return unmergedPacks(this.store.reads)
      .where("f.state", "=", "stored")
      .where("f.live_bytes", ">", 0)
      .where((eb) =>
        eb.not(eb.exists(eb.selectFrom("pack_moves as m").select("m.offset").whereRef("m.file_id", "=", "f.id"))),
      );
  }

  async damaged(): Promise<readonly StoredPack[]> {
    const rows = await unmergedPacks(this.store.reads)
      .where("f.state", "=", "failed")
      .where("f.damaged", "=", 1)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom("extents as e")
            .innerJoin("versions as v", "v.id", "e.version_id")
            .select("e.offset")
            .whereRef("e.file_id", "=", "f.id")
            .where("v.damage", "is", null),
        ),
      )
      .execute();
    return rows.map(toStoredPack);
  }

  async liveRuns(file: string): Promise<readonly PackRun[]> {
    const rows = await this.store.reads
      .selectFrom("extents as e")
      .innerJoin("versions as v", "v.id", "e.version_id")
      .select(["e.offset", "e.stored_length", "e.digest"])
      .distinct()
      .where("e.file_id", "=", toRowId(file) ?? 0)
      .where("e.digest", "is not", null)
      .where("v.damage", "is", null)
      .orderBy("e.offset")
      .execute();
    return rows.map((row) => ({
      offset: row.offset,
      length: row.stored_length ?? 0,
      digest: row.digest as Hash,
    }));
  }

  blobs(file: string): Promise<readonly BlobSlice[]> {
    return fileBlobs(this.store.reads, toRowId(file) ?? 0);
  }

  async usage(): Promise<readonly AccountUsage[]> {
    const db = this.store.reads;
    const files = await db
      .selectFrom("files")
      .select("owner")
      .select(sql<number>`sum(case when packed is null then size else live_bytes end)`.as("object_bytes"))
      .select(
        sql<number>`sum(case when state in ('declared', 'placed', 'stored') then segment_count else 0 end)`.as(
          "segments",
        ),
      )
      .select(
        sql<number>`sum(case when packed is null or state <> 'stored' then 0 else size - live_bytes end)`.as(
          "dead_bytes",
        ),
      )
      .groupBy("owner")
      .execute();
    const queued = await db
      .selectFrom("pack_queue")
      .select("owner")
      .select(({ fn }) => fn.sum<number>("size").as("bytes"))
      .groupBy("owner")
      .execute();
    const owners = new Set([...files, ...queued].map((row) => row.owner));
    return Array.from(owners, (owner) => {
      const file = files.find((row) => row.owner === owner);
      const waiting = queued.find((row) => row.owner === owner);
      return {
        owner,
        objectBytes: (file?.object_bytes ?? 0) + (waiting?.bytes ?? 0),
        chargedBytes: (file?.segments ?? 0) * CHARGED_PER_SEGMENT,
        deadBytes: file?.dead_bytes ?? 0,
      };
    });
  }

  async count(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.store.reads
      .selectFrom("files")
      .select("state")
      .select(({ fn }) => fn.countAll<number>().as("packs"))
      .where("packed", "is not", sql.lit(null))
      .groupBy("state")
      .execute();
    return Object.fromEntries(rows.map((row) => [row.state, row.packs]));
  }
}

const NOTHING_LINKED = { file: undefined, linked: 0, orphans: [] };

interface PackRow {
  readonly id: number;
  readonly state: string;
}

/** The row of a pack that was created by an earlier call of `fill`; undefined if it was discarded or given up since. */
function takingPack(tx: Tx, file: string): Promise<PackRow | undefined> {
  return tx
    .selectFrom("files")
    .select(["id", "state"])
    .where("id", "=", toRowId(file) ?? 0)
    .where("state", "in", TAKING)
    .executeTakeFirst();
}

async function insertPack(tx: Tx, now: number, pack: NewPack): Promise<PackRow> {
  const id = await insertFile(tx, now, pack.owner, pack, null, { packed: pack.packed });
  await linkFileBlobs(tx, id, pack.blobs);
  await addJob(tx, now, "store", id);
  return { id, state: "encoded" };
}

const rowIds = ({ objects }: PackContent) => objects.map(({ version }) => toRowId(version) ?? 0);

interface MoveRow {
  readonly file_id: number;
  readonly fid: string;
  readonly offset: number;
  readonly length: number;
  readonly source_id: number;
  readonly source_offset: number;
}

/** All versions with this run of the old pack have it in the new one from now on; there may be none left. */
async function settleMove(tx: Tx, move: MoveRow): Promise<void> {
  const moved = await tx
    .updateTable("extents")
    .set({ file_id: move.file_id, offset: move.offset })
    .where("file_id", "=", move.source_id)
    .where("offset", "=", move.source_offset)
    .where("digest", "is not", null)
    .returning("version_id")
    .execute();
  await tx.deleteFrom("pack_moves").where("file_id", "=", move.file_id).where("offset", "=", move.offset).execute();
  if (moved.length === 0) return;
  for (const some of chunks(moved))
    await tx
      .updateTable("versions")
      .set({ fid: move.fid, damage: null })
      .where(
        "id",
        "in",
        some.map((row) => row.version_id),
      )
      .execute();
  await addLiveBytes(tx, move.file_id, move.length);
  await addLiveBytes(tx, move.source_id, -move.length);
}

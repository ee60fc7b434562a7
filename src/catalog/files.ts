import { sql, type Selectable } from "kysely";
import { LRUCache } from "lru-cache";
import type { CessAccount } from "../model/account.js";
import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import { FRAGMENTS } from "../model/sizes.js";
import { dropFileBytes, fileBlobs, orphansAmong, unlinkFileBlobs } from "./blob-links.js";
import type { FileCatalog, FileRow, FileState, FileUse, Placement, Released } from "./catalog.js";
import { forgetDamage } from "./damages.js";
import { recordStored } from "./events.js";
import { journalNamed } from "./journal-rows.js";
import { isReferenced, isWhollyStored, releaseFile, removeFile } from "./file-links.js";
import type { Clock } from "../model/clock.js";
import { fromKeyText } from "./key-text.js";
import { addJob, removeJob } from "./jobs.js";
import type { FileTable } from "./schema.js";
import { recordDeletion } from "./receipts.js";
import { unpackSegments, withoutDataKey, type FormatColumn } from "./segment-columns.js";
import { toRowId, type Store, type Tx } from "./store.js";
import { takeWholeBytes } from "./whole-bytes.js";

const onTheWay: readonly FileState[] = ["encoded", "declared", "placed"];

/** Segments of all cached manifests (about 1.5 KiB each). */
const REMEMBERED_SEGMENTS = 16_384;
/** Objects with one file that are looked up, at most. */
const OBJECTS_WITH = 1000;

export class FileTableCatalog implements FileCatalog {
  /**
   * Cached, since unpacking the hashes of a large file takes a millisecond. A row's manifest never changes, and ids are
   * never reused.
   */
  private readonly manifests = new LRUCache<string, Omit<CessFile, "size">>({
    maxSize: REMEMBERED_SEGMENTS,
    sizeCalculation: ({ segments }) => Math.max(segments.length, 1),
  });

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly formats: FormatColumn,
  ) {}

  async get(id: string): Promise<FileRow | undefined> {
    const row = await this.store.reads
      .selectFrom("files")
      .selectAll()
      .where("id", "=", toRowId(id) ?? 0)
      .executeTakeFirst();
    return row && this.withLinks(row);
  }

  async manifest(id: string): Promise<Omit<CessFile, "size"> | undefined> {
    const known = this.manifests.get(id);
    if (known) return known;
    const row = await this.store.reads
      .selectFrom("files")
      .select(["fid", "format", "segments"])
      .where("id", "=", toRowId(id) ?? 0)
      .executeTakeFirst();
    if (!row) return undefined;
    const manifest = this.toManifest({ ...row, format: withoutDataKey(row.format) });
    this.manifests.set(id, manifest);
    return manifest;
  }

  async withFid(fid: Fid): Promise<readonly FileRow[]> {
    const rows = await this.store.reads.selectFrom("files").selectAll().where("fid", "=", fid).orderBy("id").execute();
    const files: FileRow[] = [];
    for (const row of rows) files.push(await this.withLinks(row));
    return files;
  }

  async bucketOf(id: string): Promise<string | undefined> {
    const row = await this.store.reads
      .selectFrom("extents as e")
      .innerJoin("versions as v", "v.id", "e.version_id")
      .select("v.bucket")
      .where("e.file_id", "=", toRowId(id) ?? 0)
      .orderBy("e.version_id")
      .limit(1)
      .executeTakeFirst();
    return row?.bucket;
  }

  async objectsWith(fid: Fid): Promise<readonly FileUse[]> {
    const versions = this.store.reads
      .selectFrom("versions as v")
      .select(["v.bucket", "v.key", "v.version_id", "v.fid", "v.is_latest"]);
    const rows = await versions
      .innerJoin("extents as e", "e.version_id", "v.id")
      .innerJoin("files as f", "f.id", "e.file_id")
      .where("f.fid", "=", fid)
      .where("f.packed", "is", null)
      // One whose ETag has the FID has it before there is a file.
      .union(
        versions
          .where("v.fid", "=", fid)
          .where(sql<boolean>`not exists (select 1 from extents as x where x.version_id = v.id)`),
      )
      .orderBy("is_latest", "desc")
      .orderBy("bucket")
      .orderBy("key")
      .limit(OBJECTS_WITH)
      .execute();
    return rows.map((row) => ({
      bucket: row.bucket,
      key: fromKeyText(row.key),
      versionId: row.version_id,
      isLatest: row.is_latest === 1,
      whole: row.fid === fid,
    }));
  }

  private async withLinks(row: Selectable<FileTable>): Promise<FileRow> {
    const blobs = await fileBlobs(this.store.reads, row.id);
    return {
      id: String(row.id),
      owner: row.owner,
      territory: row.territory,
      state: row.state,
      reports: row.reports,
      size: row.size,
      ...this.toManifest(row),
      layout: row.packed === null ? "own-file" : "pack",
      ...(row.restored === 1 && { restored: true }),
      ...(row.journal !== null && (await journalNamed(this.store.reads, row.journal, row.id))),
      ...(row.failure === null ? {} : { failure: row.failure }),
      ...(row.signed_nonce === null || row.signed_until_block === null
        ? {}
        : { signed: { nonce: row.signed_nonce, untilBlock: row.signed_until_block } }),
      blobs,
      needed: await isReferenced(this.store.reads, row.id),
    };
  }

  private toManifest(row: Pick<Selectable<FileTable>, "fid" | "format" | "segments">): Omit<CessFile, "size"> {
    return { fid: row.fid as Fid, format: this.formats.unpack(row.format), segments: unpackSegments(row.segments) };
  }

  async markSigned(
    id: string,
    signed: { readonly nonce: number; readonly untilBlock: number } | undefined,
  ): Promise<void> {
    await this.store.write((tx) =>
      tx
        .updateTable("files")
        .set({ signed_nonce: signed?.nonce ?? null, signed_until_block: signed?.untilBlock ?? null })
        .where("id", "=", toRowId(id) ?? 0)
        .execute(),
    );
  }

  async advance(id: string, state: "encoded" | "declared" | "placed", reports: number): Promise<void> {
    const from = state === "encoded" ? onTheWay : onTheWay.slice(0, onTheWay.indexOf(state) + 1);
    await this.store.write((tx) =>
      tx
        .updateTable("files")
        .set({ state, reports, declared: state === "encoded" ? 0 : 1, ...reached(state, this.clock.now()) })
        .where("id", "=", toRowId(id) ?? 0)
        .where("state", "in", from)
        .execute(),
    );
  }

  stored(id: string): Promise<Released> {
    return this.store.write(async (tx) => {
      const file = toRowId(id) ?? 0;
      // A file that is being deleted is settled by `deleted`, whatever the chain lists at the moment.
      const moved = await tx
        .updateTable("files")
        .set({
          state: "stored",
          reports: FRAGMENTS,
          declared: 1,
          failure: null,
          damaged: 0,
          signed_nonce: null,
          signed_until_block: null,
          ...reached("stored", this.clock.now()),
          ...freshlyStored(this.clock.now()),
        })
        .where("id", "=", file)
        .where("state", "!=", "deleting")
        .returning("packed")
        .executeTakeFirst();
      if (!moved) return { orphans: [] };
      await removeJob(tx, "store", file);
      await tx.deleteFrom("failing_fragments").where("file_id", "=", file).execute();
      await dropDataKey(tx, file);
      await forgetDamage(tx, file);
      await recordStored(tx, this.clock.now(), { file });
      const released = [
        ...(await unlinkFileBlobs(tx, file)),
        // A packed object has its staged bytes in the pack's.
        ...(moved.packed === null ? await releaseVersions(tx, file) : []),
        ...(await releaseFile(tx, this.clock.now(), file)),
      ];
      return { orphans: await orphansAmong(tx, released) };
    });
  }

  failed(id: string, failure: string): Promise<void> {
    return this.store.write((tx) => this.fail(tx, toRowId(id) ?? 0, { failure }));
  }

  damaged(id: string, failure: string): Promise<boolean> {
    return this.store.write(async (tx) => {
      const file = toRowId(id) ?? 0;
      if (await takeWholeBytes(tx, this.formats, file)) return false;
      await this.fail(tx, file, { failure, damaged: 1 });
      return true;
    });
  }

  private async fail(tx: Tx, file: number, columns: { readonly failure: string; readonly damaged?: 1 }): Promise<void> {
    const moved = await tx
      .updateTable("files")
      .set({ state: "failed", ...columns })
      .where("id", "=", file)
      .where("state", "in", onTheWay)
      .executeTakeFirst();
    if (Number(moved.numUpdatedRows) === 0) return;
    await removeJob(tx, "store", file);
    // What was to move to this pack stays where it is.
    await tx.deleteFrom("pack_moves").where("file_id", "=", file).execute();
    if (await isReferenced(tx, file)) return;
    await addJob(tx, this.clock.now(), "delete", file);
    // Damaged bytes serve nobody. What is unlinked is swept.
    if (columns.damaged) await dropFileBytes(tx, file);
  }

  retry(id: string): Promise<void> {
    return this.store.write((tx) => this.storeAgain(tx, toRowId(id) ?? 0, "failed"));
  }

  beginDelete(id: string): Promise<boolean> {
    return this.store.write(async (tx) => {
      const file = toRowId(id) ?? 0;
      const row = await tx.selectFrom("files").select("state").where("id", "=", file).executeTakeFirst();
      const deletable = row !== undefined && !onTheWay.includes(row.state);
      if (deletable && !(await isReferenced(tx, file))) {
        await tx.updateTable("files").set({ state: "deleting" }).where("id", "=", file).execute();
        return true;
      }
      await removeJob(tx, "delete", file);
      await this.storeAgain(tx, file, "deleting");
      return false;
    });
  }

  deleted(id: string, account?: CessAccount): Promise<void> {
    return this.store.write(async (tx) => {
      const file = toRowId(id) ?? 0;
      if (account !== undefined) await recordDeletion(tx, this.clock.now(), file, account);
      if (!(await isReferenced(tx, file))) {
        await removeFile(tx, file);
        return;
      }
      await removeJob(tx, "delete", file);
      await this.storeAgain(tx, file, "deleting");
    });
  }

  /** If the file is in state `from`: back to `encoded`, with a `store` job. */
  private async storeAgain(tx: Tx, file: number, from: FileState): Promise<void> {
    const moved = await tx
      .updateTable("files")
      .set({
        state: "encoded",
        reports: 0,
        declared: 0,
        failure: null,
        damaged: 0,
        signed_nonce: null,
        signed_until_block: null,
        ...BACK,
      })
      .where("id", "=", file)
      .where("state", "=", from)
      .executeTakeFirst();
    if (Number(moved.numUpdatedRows) > 0) await addJob(tx, this.clock.now(), "store", file);
  }

  discard(id: string): Promise<Released & { readonly discarded: boolean }> {
    return this.store.write(async (tx) => {
      const file = toRowId(id) ?? 0;
      const row = await tx
        .selectFrom("files")
        .select("id")
        .where("id", "=", file)
        .where("state", "in", ["encoded", "failed"])
        .where("declared", "=", 0)
        .where("signed_nonce", "is", null)
        .executeTakeFirst();
      if (!row || (await isReferenced(tx, file))) return { discarded: false, orphans: [] };
      return { discarded: true, orphans: await orphansAmong(tx, await removeFile(tx, file)) };
    });
  }

  async placements(id: string): Promise<readonly Placement[]> {
    const rows = await this.store.reads
      .selectFrom("placements")
      .selectAll()
      .where("file_id", "=", toRowId(id) ?? 0)
      .orderBy("fragment_index")
      .execute();
    return rows.map((row) => ({ index: row.fragment_index, node: row.node, state: row.state, since: row.since }));
  }

  /** Replaces the file's whole placement. */
  savePlacements(id: string, placements: readonly Placement[]): Promise<void> {
    return this.store.write(async (tx) => {
      const file = toRowId(id) ?? 0;
      const known = await tx.selectFrom("files").select("id").where("id", "=", file).executeTakeFirst();
      await tx.deleteFrom("placements").where("file_id", "=", file).execute();
      if (!known || placements.length === 0) return;
      await tx
        .insertInto("placements")
        .values(
          placements.map(({ index, node, state, since }) => ({
            file_id: file,
            fragment_index: index,
            node,
            state,
            since,
          })),
        )
        .execute();
    });
  }

  async countByState(): Promise<Readonly<Record<FileState, number>>> {
    const counts: Record<FileState, number> = { encoded: 0, declared: 0, placed: 0, stored: 0, failed: 0, deleting: 0 };
    const rows = await this.store.reads
      .selectFrom("files")
      .select(["state", sql<number>`count(*)`.as("count")])
      .groupBy("state")
      .execute();
    for (const row of rows) counts[row.state] = row.count;
    return counts;
  }
}

const BACK = {
  declared_at: null,
  placed_at: null,
  stored_at: null,
  declared_block: null,
  deleted_block: null,
} as const;

/** The first time counts: a state is reached again with each report. */
function reached(state: "encoded" | "declared" | "placed" | "stored", now: number) {
  if (state === "encoded") return BACK;
  const column = sql.ref<number | null>(`${state}_at`);
  return { [`${state}_at`]: sql<number>`coalesce(${column}, ${sql.lit(now)})` };
}

/** All twelve nodes have just reported the file. */
function freshlyStored(now: number) {
  return {
    checked_at: now,
    check_soon: 0,
    redundancy: FRAGMENTS,
    degraded_since: null,
    restored: 0,
    renew: 0,
  } as const;
}

/** Once the staged bytes are released, only readers of versions need the data key, and each version has it wrapped. */
async function dropDataKey(tx: Tx, file: number): Promise<void> {
  const row = await tx.selectFrom("files").select("format").where("id", "=", file).executeTakeFirst();
  const format = withoutDataKey(row?.format ?? null);
  if (row && format !== row.format) await tx.updateTable("files").set({ format }).where("id", "=", file).execute();
}

/** Releases the staged bytes of those versions in this file whose files are all stored. */
async function releaseVersions(tx: Tx, file: number): Promise<string[]> {
  const rows = await tx
    .deleteFrom("version_blobs")
    .where("version_id", "in", (eb) => eb.selectFrom("extents").select("version_id").where("file_id", "=", file))
    .where(isWhollyStored("version_blobs.version_id"))
    .returning("blob")
    .execute();
  return rows.map((row) => row.blob);
}

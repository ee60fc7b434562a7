import { sql } from "kysely";
import { segmentCount, type SegmentFormat } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";
import type { UsageChange } from "../model/quota.js";
import { linkVersionBlobs } from "./blob-links.js";
import type { NewVersion, PackFormat } from "./catalog.js";
import { addJob } from "./jobs.js";
import { enqueue, packFormat } from "./pack-queue.js";
import type { FormatColumn } from "./segment-columns.js";
import { endsWithNext, lastUnless, runsAlone, statement, type Tx } from "./store.js";
import { requireRoom } from "./undeclared.js";
import { addToUsage, changeUsage, checkUsage, slotInsert } from "./usage.js";
import type { ObjectSlot } from "./version-chain.js";
import {
  insertVersion,
  versionColumns,
  versionInsert,
  type PlacedVersionRow,
  type VersionColumns,
  type VersionRow,
} from "./versions.js";

/** How a version is staged, and what it changes in its bucket's usage. */
export interface Staged {
  readonly slot: ObjectSlot;
  readonly change: UsageChange;
  /** The bucket has no quota, or gets it while the request runs. */
  readonly free?: boolean;
  /** Whether nothing of the transaction comes after it. */
  readonly last?: boolean;
  readonly versionId: string;
  readonly slices: readonly BlobSlice[];
  readonly format: SegmentFormat | undefined;
}

/**
 * A version whose bytes are staged. It is counted (`changeUsage`), and gets what will make files of it: a place in the pack
 * queue, or an `encode` job.
 */
export async function insertStaged(
  tx: Tx,
  now: number,
  formats: FormatColumn,
  version: NewVersion,
  staged: Staged,
): Promise<PlacedVersionRow> {
  const { slot, change, versionId, slices, format } = staged;
  const packed = version.layout === "pack" && version.size > 0;
  const stagedSegments = packed ? 1 : segmentCount(version.size, format);
  const insertion = { versionId, stagedSegments, fid: version.fid };
  const [slice, another] = slices;
  let row: VersionRow;
  if (packed && slice && !another && !runsAlone(tx)) {
    const columns = versionColumns(now, version, insertion);
    const small = { packed: packFormat(format), format: formats.pack(format), ...columns, ...slice, ...change };
    const { id, ...quota } = await insertSmall(tx, small, isLast(version, staged));
    await checkUsage(tx, slot, change, quota, version.accountQuota);
    row = { id, ...columns };
  } else {
    if (staged.free === true && version.accountQuota === undefined) await addToUsage(tx, slot.bucket, change);
    else await changeUsage(tx, slot, change, version.accountQuota);
    row = await insertVersion(tx, now, version, insertion);
    await linkVersionBlobs(tx, row.id, slices);
    if (packed) await enqueue(tx, now, row, formats, format);
    else if (version.size > 0) await addJob(tx, now, "encode", row.id, formats.pack(format));
  }
  await requireRoom(tx, version);
  return { queued: packed ? 1 : 0, ...row };
}

/** What the rows of a small object hold. */
interface Small extends VersionColumns, BlobSlice, UsageChange {
  readonly packed: PackFormat;
  readonly format: string | null;
}

/** The rows of a small object in one statement, where each is a round trip. */
function smallInsert(db: Tx, bound: (name: keyof Small) => never) {
  const text = (name: keyof Small) => sql<string>`cast(${bound(name)} as text)`;
  const number = (name: keyof Small) => sql<number>`cast(${bound(name)} as bigint)`;
  return db
    .with("v", (each) => versionInsert(each, bound))
    .with("linked", (each) =>
      each
        .insertInto("version_blobs")
        .columns(["version_id", "position", "blob", "offset", "length"])
        .expression((from) =>
          from
            .selectFrom("v")
            .select(["v.id", sql.lit(0).as("position"), text("blob").as("blob")])
            .select([number("offset").as("offset"), number("length").as("length")]),
        ),
    )
    .with("queued", (each) =>
      each
        .insertInto("pack_queue")
        .columns(["version_id", "owner", "packed", "size", "queued_at", "format"])
        .expression((from) =>
          from
            .selectFrom("v")
            .select(["v.id", text("owner").as("owner"), sql<PackFormat>`${text("packed")}`.as("packed")])
            .select([number("size").as("size"), number("created_at").as("queued_at"), text("format").as("format")]),
        ),
    )
    .with("counted", (each) => slotInsert(each, bound))
    .selectFrom(["v", "counted"])
    .select(["v.id", "counted.quota_bytes", "counted.quota_objects"]);
}

const insertRows = statement<Small>()(smallInsert);
/** As the last statement: a bucket with a quota wants a look at what it holds. */
const insertLastRows = statement<Small>()((db, bound) =>
  smallInsert(db, bound).select(
    lastUnless(sql<boolean>`(counted.quota_bytes is not null or counted.quota_objects is not null)`).as("last"),
  ),
);

/** Whether nothing but the bucket's quota can refuse the version once its rows are inserted. */
function isLast({ accountQuota, requireRoom: room }: NewVersion, { last = false }: Staged): boolean {
  return last && accountQuota === undefined && room === undefined;
}

async function insertSmall(tx: Tx, small: Small, last: boolean) {
  const [row] = await (last && endsWithNext(tx) ? insertLastRows : insertRows)(tx, small);
  if (!row) throw new Error("the version's rows were not inserted");
  return row;
}

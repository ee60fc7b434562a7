import { type QueryCreator, sql, type Selectable } from "kysely";
import { expectedCharge, objectCharge } from "../model/charge.js";
import type { Extent } from "../model/file.js";
import type { Fid, Hash } from "../model/hash.js";
import type { Durability, ObjectVersion, StorageState } from "../model/object.js";
import { FRAGMENTS } from "../model/sizes.js";
import { unlinkVersionBlobs } from "./blob-links.js";
import type { FileState, NewVersion } from "./catalog.js";
import { unlinkFiles } from "./file-links.js";
import { removeJob } from "./jobs.js";
import {
  aclColumn,
  checksumColumn,
  contentColumn,
  encryptionColumn,
  lockColumn,
  metadataColumn,
  partsColumn,
  tagsColumn,
} from "./json-columns.js";
import { fromKeyText, toKeyText } from "./key-text.js";
import { dequeueOne } from "./pack-queue.js";
import type { Flag } from "./column-types.js";
import type { Schema, VersionTable } from "./schema.js";
import { single, statement, type Tx } from "./store.js";

/** The version id of what was written while versioning was not enabled. */
export const NULL_VERSION = "null";

/** Exactly as in the partial index, which a bound value would not match. */
export const isLatest = sql<boolean>`is_latest = 1`;

/** Columns of a new version's row beside those of the version itself. */
export interface Insertion {
  readonly versionId: string;
  readonly deleteMarker?: boolean;
  readonly stagedSegments?: number;
  readonly fid?: Fid | undefined;
}

export type VersionColumns = Omit<VersionRow, "id">;

/** The insert of a version's row, of which each column is `bound`. */
export function versionInsert(db: QueryCreator<Schema>, bound: (name: keyof VersionColumns) => never) {
  return db
    .insertInto("versions")
    .values({
      bucket: bound("bucket"),
      key: bound("key"),
      version_id: bound("version_id"),
      is_latest: bound("is_latest"),
      delete_marker: bound("delete_marker"),
      owner: bound("owner"),
      size: bound("size"),
      etag: bound("etag"),
      created_at: bound("created_at"),
      staged_segments: bound("staged_segments"),
      fid: bound("fid"),
      content: bound("content"),
      metadata: bound("metadata"),
      checksum: bound("checksum"),
      parts: bound("parts"),
      tags: bound("tags"),
      lock: bound("lock"),
      acl: bound("acl"),
      encryption: bound("encryption"),
      damage: bound("damage"),
    })
    .returning("id");
}

const insertRow = single<VersionColumns>()(versionInsert);

/** Inserts the current version of its key, after `prepareInsertion` (version-chain.ts). */
export async function insertVersion(
  tx: Tx,
  now: number,
  version: NewVersion,
  insertion: Insertion,
): Promise<VersionRow> {
  const columns = versionColumns(now, version, insertion);
  const row = await insertRow(tx, columns);
  if (!row) throw new Error("the version's row was not inserted");
  return { id: row.id, ...columns };
}

export function versionColumns(now: number, version: NewVersion, insertion: Insertion): VersionColumns {
  return {
    bucket: version.bucket,
    key: toKeyText(version.key),
    version_id: insertion.versionId,
    is_latest: 1,
    delete_marker: insertion.deleteMarker === true ? 1 : 0,
    owner: version.owner,
    size: version.size,
    etag: version.etag,
    created_at: now,
    staged_segments: insertion.stagedSegments ?? 0,
    fid: insertion.fid ?? null,
    content: contentColumn.pack(version.content),
    metadata: metadataColumn.pack(version.metadata),
    checksum: checksumColumn.pack(version.checksum),
    parts: partsColumn.pack(version.parts),
    tags: tagsColumn.pack(version.tags),
    lock: lockColumn.pack(version.lock),
    acl: aclColumn.pack(version.acl),
    encryption: encryptionColumn.pack(version.encryption),
    damage: null,
  };
}

const forgetPrepared = statement<{ readonly subject: string }>()((db, bound) =>
  db.deleteFrom("preparations").where("subject", "=", bound("subject")),
);

/**
 * Removes the links, the `encode` job and the prepared segments of a version whose row is removed. Returns the blobs
 * that were unlinked.
 */
export async function unlinkVersion(
  tx: Tx,
  now: number,
  version: { readonly id: number; readonly staged: boolean },
): Promise<string[]> {
  const released = await unlinkVersionBlobs(tx, version.id);
  if (!version.staged) return [...released, ...(await unlinkFiles(tx, now, version.id))];
  // What waits for a pack has no job, and nothing of it is prepared.
  if (await dequeueOne(tx, version.id)) return released;
  await removeJob(tx, "encode", version.id);
  await forgetPrepared(tx, { subject: String(version.id) });
  return released;
}

export type VersionRow = Selectable<VersionTable>;

/** A version's row, and whether it waits for a pack. */
export interface PlacedVersionRow extends VersionRow {
  readonly queued: Flag;
}

/** SQL for `queued`. Looked up only where `staged_segments` leaves it open. */
export const isQueued = sql<Flag>`case when staged_segments = 1
  and exists (select 1 from pack_queue as q where q.version_id = versions.id) then 1 else 0 end`;

export interface ExtentRow {
  readonly file_id: number;
  readonly fid: string;
  readonly offset: number;
  readonly length: number;
  readonly stored_length: number | null;
  readonly digest: string | null;
  readonly state: FileState;
  readonly restored: Flag;
  readonly reports: number;
  readonly segment_count: number;
  readonly live_bytes: number;
  readonly failure: string | null;
  /** Its file is a pack with damaged bytes: those of other versions, or this version is marked. */
  readonly damaged_pack: Flag;
  /** Why the last attempt of its job failed. */
  readonly waiting: string | null;
}

export function extentRows(tx: Tx, version: number): Promise<ExtentRow[]> {
  return extentQuery(tx, version).execute();
}

export function extentQuery(tx: Tx, version: number) {
  return tx
    .selectFrom("extents as e")
    .innerJoin("files as f", "f.id", "e.file_id")
    .leftJoin("jobs as j", (join) => join.onRef("j.subject", "=", "f.id").on("j.kind", "=", sql.lit("store")))
    .select(["e.file_id", "e.offset", "e.length", "e.stored_length", "e.digest"])
    .select(["f.fid", "f.state", "f.restored", "f.reports", "f.failure", "f.segment_count", "f.live_bytes"])
    .select("j.failure as waiting")
    .select(sql<Flag>`case when f.damaged = 1 and f.packed is not null then 1 else 0 end`.as("damaged_pack"))
    .where("e.version_id", "=", version)
    .orderBy("e.position");
}

export function toVersion(row: PlacedVersionRow, extents: readonly ExtentRow[]): ObjectVersion {
  const checksum = checksumColumn.unpack(row.checksum);
  const parts = partsColumn.unpack(row.parts);
  const tags = tagsColumn.unpack(row.tags);
  const lock = lockColumn.unpack(row.lock);
  const acl = aclColumn.unpack(row.acl);
  const encryption = encryptionColumn.unpack(row.encryption);
  return {
    id: String(row.id),
    bucket: row.bucket,
    key: fromKeyText(row.key),
    versionId: row.version_id,
    isLatest: row.is_latest === 1,
    deleteMarker: row.delete_marker === 1,
    size: row.size,
    etag: row.etag,
    content: contentColumn.unpack(row.content) ?? {},
    metadata: metadataColumn.unpack(row.metadata) ?? {},
    ...(checksum ? { checksum } : {}),
    ...(parts ? { parts } : {}),
    ...(tags ? { tags } : {}),
    ...(lock ? { lock } : {}),
    ...(acl ? { acl } : {}),
    ...(encryption ? { encryption } : {}),
    owner: row.owner,
    createdAt: row.created_at,
    extents: extents.map(toExtent),
    durability: durability(row, extents),
  };
}

export function toExtent({ file_id: file, fid, offset, length, stored_length: stored, digest }: ExtentRow): Extent {
  const packed = stored === null || digest === null ? {} : { packed: { length: stored, digest: digest as Hash } };
  return { file: String(file), fid: fid as Fid, offset, length, ...packed };
}

/**
 * The storage state that clients see for each state of a file. The bytes of a refused or half-deleted file are staged
 * here.
 */
const reached: Readonly<Record<FileState, StorageState>> = {
  encoded: "encoded",
  declared: "declared",
  placed: "placed",
  stored: "stored",
  failed: "encoded",
  deleting: "encoded",
};
const rank: Readonly<Record<StorageState, number>> = {
  damaged: 0,
  staged: 0,
  encoded: 1,
  declared: 2,
  placed: 3,
  stored: 4,
};

function durability(row: PlacedVersionRow, extents: readonly ExtentRow[]): Durability {
  const known = { chargedBytes: chargeOf(row, extents), ...(row.fid === null ? {} : { fid: row.fid as Fid }) };
  if (row.damage !== null) return { state: "damaged", reports: 0, ...known, failure: row.damage };
  if (row.staged_segments > 0) return { state: "staged", reports: 0, ...known };
  let least: Pick<Durability, "state" | "reports"> = { state: "stored", reports: FRAGMENTS };
  for (const extent of extents) {
    // Under repair: the bytes are staged here again, and the network's file is about to go.
    const state = extent.restored === 1 && extent.state === "deleting" ? "staged" : reached[extent.state];
    if (rank[state] < rank[least.state] || (state === least.state && extent.reports < least.reports))
      least = { state, reports: extent.reports };
  }
  // The packer takes what is whole of a damaged pack into the next one.
  const failure = extents.find((extent) => extent.failure !== null && !extent.damaged_pack)?.failure;
  const waiting = extents.map((extent) => extent.waiting ?? extent.failure).find((text) => text !== null);
  const why = typeof failure === "string" ? { failure } : typeof waiting === "string" ? { waiting } : {};
  const [{ offset, stored_length: length } = { offset: 0, stored_length: null }] = extents;
  const extent = length === null ? {} : { extent: { offset, length } };
  return { state: least.state, reports: least.reports, ...known, ...extent, ...why };
}

function chargeOf({ queued, size, staged_segments: staged }: PlacedVersionRow, extents: readonly ExtentRow[]): number {
  if (queued === 1) return expectedCharge(size);
  if (staged > 0) return objectCharge({ segments: staged });
  return extents.reduce(
    (sum, { segment_count: segments, stored_length: stored, live_bytes: live }) =>
      sum + objectCharge({ segments, ...(stored !== null && { packed: { stored, live } }) }),
    0,
  );
}

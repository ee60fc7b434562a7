import { sql, type Selectable } from "kysely";
import type { Checksum } from "../model/checksum.js";
import { S3Error } from "../model/errors.js";
import type { Extent } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { Durability, ObjectPart, ObjectVersion, StorageState } from "../model/object.js";
import { checkWrite, type Preconditions } from "../model/precondition.js";
import { FRAGMENTS } from "../model/sizes.js";
import { unlinkVersionBlobs } from "./blob-links.js";
import type { FileState, NewVersion } from "./catalog.js";
import { unlinkFiles } from "./file-links.js";
import { removeJob } from "./jobs.js";
import { packJson, unpackJson } from "./json.js";
import { fromKeyText, toKeyText } from "./key-text.js";
import type { VersionTable } from "./schema.js";
import type { Tx } from "./store.js";

/** The version id of everything in a bucket that is not versioned. */
export const NULL_VERSION = "null";

/** In the words of the partial index, which a bound value would not match. */
export const isLatest = sql<boolean>`is_latest = 1`;

export interface CurrentVersion {
  readonly id: number;
  readonly etag: string;
  readonly createdAt: number;
  readonly staged: boolean;
}

/** The current version of a key; NoSuchBucket. A delete marker is no version to a precondition. */
export async function currentVersion(tx: Tx, bucket: string, key: string): Promise<CurrentVersion | undefined> {
  const row = await tx.selectFrom("buckets as b")
    .leftJoin("versions as v", (join) => join.onRef("v.bucket", "=", "b.name").on("v.key", "=", toKeyText(key)).on("v.is_latest", "=", sql.lit(1)))
    .select(["v.id", "v.etag", "v.created_at", "v.staged_segments", "v.delete_marker"])
    .where("b.name", "=", bucket)
    .executeTakeFirst();
  if (!row) throw new S3Error("NoSuchBucket", { resource: bucket });
  if (row.id === null || row.delete_marker === 1) return undefined;
  return { id: row.id, etag: row.etag ?? "", createdAt: Number(row.created_at), staged: Number(row.staged_segments) > 0 };
}

/** S3's conditional writes: PreconditionFailed, or NoSuchKey for If-Match on nothing. */
export function requirePreconditions(preconditions: Preconditions | undefined, key: string, current: CurrentVersion | undefined): void {
  const outcome = checkWrite(preconditions ?? {}, current);
  if (outcome === "missing") throw new S3Error("NoSuchKey", { resource: key });
  if (outcome === "failed") throw new S3Error("PreconditionFailed", { resource: key });
}

export async function insertVersion(tx: Tx, now: number, version: NewVersion, stagedSegments: number, fid: Fid | undefined): Promise<VersionRow> {
  const columns: Omit<VersionRow, "id"> = {
    bucket: version.bucket, key: toKeyText(version.key), version_id: NULL_VERSION, is_latest: 1, delete_marker: 0,
    owner: version.owner, size: version.size, etag: version.etag, created_at: now, staged_segments: stagedSegments, fid: fid ?? null,
    content: packJson(version.content), metadata: packJson(version.metadata), checksum: packJson(version.checksum), parts: packJson(version.parts),
  };
  const { id } = await tx.insertInto("versions").values(columns).returning("id").executeTakeFirstOrThrow();
  return { id, ...columns };
}

/** Removes a version with its links, its `encode` job and what was prepared for it. Returns the blobs let go. */
export async function removeVersion(tx: Tx, now: number, version: CurrentVersion): Promise<string[]> {
  await removeRow(tx, version);
  return unlinkVersion(tx, now, version);
}

/** The first half of `removeVersion`: its links stay, so that what a copy onto itself shares is not let go between. */
export async function removeRow(tx: Tx, version: CurrentVersion): Promise<void> {
  await tx.deleteFrom("versions").where("id", "=", version.id).execute();
}

/** The second half of `removeVersion`. Returns the blobs let go. */
export async function unlinkVersion(tx: Tx, now: number, version: CurrentVersion): Promise<string[]> {
  const released = await unlinkVersionBlobs(tx, version.id);
  if (!version.staged) return [...released, ...(await unlinkFiles(tx, now, version.id))];
  await removeJob(tx, "encode", version.id);
  await tx.deleteFrom("preparations").where("subject", "=", String(version.id)).execute();
  return released;
}

export type VersionRow = Selectable<VersionTable>;

export interface ExtentRow {
  readonly file_id: number;
  readonly fid: string;
  readonly offset: number;
  readonly length: number;
  readonly state: FileState;
  readonly reports: number;
  readonly failure: string | null;
  /** Why its job could not go on the last time it tried. */
  readonly waiting: string | null;
}

export async function extentRows(tx: Tx, version: number): Promise<ExtentRow[]> {
  return tx.selectFrom("extents as e").innerJoin("files as f", "f.id", "e.file_id")
    .leftJoin("jobs as j", (join) => join.onRef("j.subject", "=", "f.id").on("j.kind", "=", "store"))
    .select(["e.file_id", "f.fid", "e.offset", "e.length", "f.state", "f.reports", "f.failure", "j.failure as waiting"])
    .where("e.version_id", "=", version).orderBy("e.position").execute();
}

export function toVersion(row: VersionRow, extents: readonly ExtentRow[]): ObjectVersion {
  const checksum = unpackJson(row.checksum) as Checksum | undefined;
  const parts = unpackJson(row.parts) as ObjectPart[] | undefined;
  return {
    id: String(row.id), bucket: row.bucket, key: fromKeyText(row.key), versionId: row.version_id,
    isLatest: row.is_latest === 1, deleteMarker: row.delete_marker === 1, size: row.size, etag: row.etag,
    content: (unpackJson(row.content) ?? {}), metadata: (unpackJson(row.metadata) ?? {}) as Record<string, string>,
    ...(checksum ? { checksum } : {}), ...(parts ? { parts } : {}),
    owner: row.owner, createdAt: row.created_at,
    extents: extents.map(({ fid, offset, length }): Extent => ({ fid: fid as Fid, offset, length })),
    durability: durability(row, extents),
  };
}

/** What each state of a file means for who reads the object: a refused or half-deleted file has its bytes here. */
const reached: Readonly<Record<FileState, StorageState>> = {
  encoded: "encoded", declared: "declared", placed: "placed", stored: "stored", failed: "encoded", deleting: "encoded",
};
const rank: Readonly<Record<StorageState, number>> = { staged: 0, encoded: 1, declared: 2, placed: 3, stored: 4 };

function durability(row: VersionRow, extents: readonly ExtentRow[]): Durability {
  if (row.staged_segments > 0) return { state: "staged", reports: 0 };
  let least: Pick<Durability, "state" | "reports"> = { state: "stored", reports: FRAGMENTS };
  for (const extent of extents) {
    const state = reached[extent.state];
    if (rank[state] < rank[least.state] || (state === least.state && extent.reports < least.reports)) least = { state, reports: extent.reports };
  }
  const failure = extents.find((extent) => extent.failure !== null)?.failure;
  const waiting = extents.find((extent) => extent.waiting !== null)?.waiting;
  const why = typeof failure === "string" ? { failure } : typeof waiting === "string" ? { waiting } : {};
  return { ...least, ...(row.fid === null ? {} : { fid: row.fid as Fid }), ...why };
}

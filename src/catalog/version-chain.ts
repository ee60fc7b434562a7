import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { readDocument } from "../model/bucket-documents.js";
import { noBucket, type Versioning } from "../model/bucket.js";
import { DomainError } from "../model/errors.js";
import { checkWrite, type Preconditions } from "../model/precondition.js";
import { toKeyText } from "./key-text.js";
import { single, statement, type Tx } from "./store.js";
import { isLatest, NULL_VERSION } from "./versions.js";

/** What a transaction must know of a version to replace or remove it. */
export interface KnownVersion {
  readonly id: number;
  readonly versionId: string;
  readonly etag: string;
  readonly size: number;
  readonly createdAt: number;
  readonly staged: boolean;
  readonly deleteMarker: boolean;
  readonly isLatest: boolean;
  /** JSON: ObjectLock. */
  readonly lock: string | null;
}

/** A key of a bucket with its current version, as a transaction finds it. */
export interface ObjectSlot {
  readonly bucket: string;
  readonly key: string;
  readonly owner: string;
  readonly versioning: Versioning | undefined;
  /** Undefined: the key has no versions. */
  readonly current: KnownVersion | undefined;
}

/**
 * The lock of a key: for an intent that touches its versions, what these link, and beyond that only what it inserts itself.
 * Buckets and their documents are changed by intents that run alone. The blobs that it links must be new: of those that
 * others may link or unlink meanwhile it would not know. A blob that several versions link may be let go by two of them at
 * once, neither of which sees that it is the last; the sweeper finds it.
 */
export function slotLock({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `object ${bucket}/${key}`;
}

const columns = [
  "v.id",
  "v.version_id",
  "v.etag",
  "v.size",
  "v.created_at",
  "v.staged_segments",
  "v.delete_marker",
  "v.is_latest",
  "v.lock",
] as const;

interface KnownRow {
  readonly id: number;
  readonly version_id: string | null;
  readonly etag: string | null;
  readonly size: number | null;
  readonly created_at: number | null;
  readonly staged_segments: number | null;
  readonly delete_marker: number | null;
  readonly is_latest: number | null;
  readonly lock: string | null;
}

function known(row: KnownRow): KnownVersion {
  return {
    id: row.id,
    versionId: row.version_id ?? "",
    etag: row.etag ?? "",
    size: Number(row.size),
    createdAt: Number(row.created_at),
    staged: Number(row.staged_segments) > 0,
    deleteMarker: row.delete_marker === 1,
    isLatest: row.is_latest === 1,
    lock: row.lock,
  };
}

const slotRow = single<{ readonly bucket: string; readonly key: string }>()((db, bound) =>
  db
    .selectFrom("buckets as b")
    .leftJoin("configurations as c", (join) =>
      join.onRef("c.bucket", "=", "b.name").on("c.name", "=", sql.lit("versioning")),
    )
    .leftJoin("versions as v", (join) =>
      join.onRef("v.bucket", "=", "b.name").on("v.key", "=", bound("key")).on("v.is_latest", "=", sql.lit(1)),
    )
    .select(["b.owner", "c.document as versioning", ...columns])
    .where("b.name", "=", bound("bucket")),
);

/**
 * Throws a DomainError `noBucket`, and DamagedDocument where the bucket's versioning cannot be read: a write would not
 * know whether it replaces the current version.
 */
export async function findSlot(tx: Tx, bucket: string, key: string): Promise<ObjectSlot> {
  const row = await slotRow(tx, { bucket, key: toKeyText(key) });
  if (!row) throw noBucket(bucket);
  const { id } = row;
  return {
    bucket,
    key,
    owner: row.owner,
    versioning: row.versioning === null ? undefined : readDocument(bucket, "versioning", row.versioning),
    current: id === null ? undefined : known({ ...row, id }),
  };
}

export async function findVersion(
  tx: Tx,
  { bucket, key }: ObjectSlot,
  versionId: string,
): Promise<KnownVersion | undefined> {
  const row = await tx
    .selectFrom("versions as v")
    .select(columns)
    .where("v.bucket", "=", bucket)
    .where("v.key", "=", toKeyText(key))
    .where("v.version_id", "=", versionId)
    .executeTakeFirst();
  return row && known(row);
}

/** S3's conditional writes: DomainError `preconditionFailed`, or `noObject` for If-Match on nothing. A delete marker is nothing. */
export function requirePreconditions(
  preconditions: Preconditions | undefined,
  key: string,
  subject: KnownVersion | undefined,
): void {
  const outcome = checkWrite(preconditions ?? {}, subject?.deleteMarker === true ? undefined : subject);
  if (outcome === "missing") throw new DomainError({ kind: "noObject", key }, `There is no object ${key}.`);
  if (outcome === "failed")
    throw new DomainError({ kind: "preconditionFailed", key }, `The object ${key} does not meet the conditions.`);
}

/** How a new version is inserted. */
export interface VersionInsertion {
  readonly versionId: string;
  /**
   * The replaced version. Its row is removed, but not its links, because a copy onto itself shares them: unlink it
   * after the insert.
   */
  readonly replaced: KnownVersion | undefined;
}

/**
 * Prepares the insertion of a new current version: it replaces the null version or, with versioning enabled, is added
 * before the others.
 */
export async function prepareInsertion(tx: Tx, slot: ObjectSlot): Promise<VersionInsertion> {
  const { current, versioning } = slot;
  const replaced =
    versioning === "Enabled"
      ? undefined
      : current === undefined || current.versionId === NULL_VERSION
        ? current
        : await findVersion(tx, slot, NULL_VERSION);
  if (replaced) await deleteRow(tx, { id: replaced.id });
  if (current && current.id !== replaced?.id)
    await tx.updateTable("versions").set({ is_latest: 0 }).where("id", "=", current.id).execute();
  return { versionId: versioning === "Enabled" ? newVersionId() : NULL_VERSION, replaced };
}

const deleteRow = statement<{ readonly id: number }>()((db, bound) =>
  db.deleteFrom("versions").where("id", "=", bound("id")),
);

const newestRow = single<{ readonly bucket: string; readonly key: string }>()((db, bound) =>
  db
    .selectFrom("versions")
    .select("id")
    .where("bucket", "=", bound("bucket"))
    .where("key", "=", bound("key"))
    .orderBy("id", "desc")
    .limit(1),
);

/** Removes a version's row. The newest of the others becomes current. The caller removes the links. */
export async function removeRow(tx: Tx, { bucket, key, versioning }: ObjectSlot, version: KnownVersion): Promise<void> {
  await deleteRow(tx, { id: version.id });
  // Where versioning never was enabled, a key has one version.
  if (!version.isLatest || versioning === undefined) return;
  const next = await newestRow(tx, { bucket, key: toKeyText(key) });
  if (next)
    await tx
      .updateTable("versions")
      .set({ is_latest: 1 })
      .where("id", "=", next.id)
      .where(sql<boolean>`not ${isLatest}`)
      .execute();
}

/** 32 characters, as AWS's. */
const VERSION_ID_BYTES = 24;

function newVersionId(): string {
  return randomBytes(VERSION_ID_BYTES).toString("base64url");
}

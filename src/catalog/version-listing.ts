import type { VersionEntry, VersionPage, VersionQuery } from "./catalog.js";
import { tagsColumn } from "./json-columns.js";
import { justAfter, toKeyText } from "./key-text.js";
import { firstAfter, listPage, type Position, type Scan } from "./listing.js";
import { listed, listedColumns, type ListedRow } from "./object-listing.js";
import type { Tx } from "./store.js";

interface VersionRow extends ListedRow {
  readonly id: number;
  readonly version_id: string;
  readonly is_latest: number;
  readonly delete_marker: number;
  readonly tags: string | null;
}

/** A version's position: by key, then newest first, which is the greatest id. */
type VersionPosition = Pick<VersionRow, "id" | "key">;

/**
 * A skip scan like that of objects: the cost of a page grows with its entries, not with the keys under its prefixes.
 */
export async function listVersions(reads: Tx, query: VersionQuery): Promise<VersionPage> {
  const start = await startOf(reads, query);
  if (start === undefined) return { entries: [], truncated: false };
  return listPage({ ...query, start }, scanOf(reads, query.bucket), {
    key: (row) => row.key,
    entry: (row) => ({ kind: "version" as const, version: toEntry(row as VersionRow) }),
  });
}

function scanOf(reads: Tx, bucket: string): Scan<VersionPosition & Partial<VersionRow>> {
  const rows = reads
    .selectFrom("versions")
    .select([...listedColumns, "id", "version_id", "is_latest", "delete_marker", "tags"])
    .where("bucket", "=", bucket);
  const from = (least: string, exclusive: boolean, end: string | undefined, limit: number) => {
    const wanted = rows.where("key", exclusive ? ">" : ">=", least);
    return (end === undefined ? wanted : wanted.where("key", "<", end))
      .orderBy("key")
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
  };
  return async (position, end, limit) => {
    if ("from" in position) return from(position.from, false, end, limit);
    // Two scans of the index: the rest of this key's versions, then the keys after it.
    const { key, id } = position.after;
    const older = await rows.where("key", "=", key).where("id", "<", id).orderBy("id", "desc").limit(limit).execute();
    return older.length === limit ? older : [...older, ...(await from(key, true, end, limit - older.length))];
  };
}

/**
 * With a version-id-marker, older versions of the marked key follow; without one, only greater keys. If the marked
 * version was deleted meanwhile, its key starts again: a repeated entry is better than a missed one.
 */
async function startOf(reads: Tx, query: VersionQuery): Promise<Position<VersionPosition> | undefined> {
  const key = toKeyText(query.keyMarker);
  const from = firstAfter(query.keyMarker, query.prefix, query.delimiter);
  // Not for a marker in a common prefix, because all of that is skipped.
  const marksVersion =
    query.keyMarker !== "" &&
    query.versionIdMarker !== "" &&
    key.startsWith(toKeyText(query.prefix)) &&
    from === justAfter(key);
  if (marksVersion) {
    const marked = await reads
      .selectFrom("versions")
      .select("id")
      .where("bucket", "=", query.bucket)
      .where("key", "=", key)
      .where("version_id", "=", query.versionIdMarker)
      .executeTakeFirst();
    return marked ? { after: { key, id: marked.id } } : { from: key };
  }
  return from === undefined ? undefined : { from };
}

function toEntry(row: VersionRow): VersionEntry {
  const tags = tagsColumn.unpack(row.tags);
  return {
    ...listed(row),
    id: String(row.id),
    versionId: row.version_id,
    isLatest: row.is_latest === 1,
    deleteMarker: row.delete_marker === 1,
    ...(tags ? { tags } : {}),
  };
}

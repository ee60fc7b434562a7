import { sql } from "kysely";
import type { UploadPage, UploadQuery } from "./catalog.js";
import { justAfter, toKeyText } from "./key-text.js";
import { firstAfter, listPage, type Position, type Scan } from "./listing.js";
import type { UploadTable } from "./schema.js";
import type { Tx } from "./store.js";
import { toUpload } from "./upload-rows.js";

/** Exactly as in the partial index, so that SQLite uses it. */
const isOpen = sql<boolean>`state = 'open'`;

export async function listUploads(reads: Tx, query: UploadQuery): Promise<UploadPage> {
  const start = await startOf(reads, query);
  if (start === undefined) return { entries: [], truncated: false };
  const scan: Scan<UploadPosition & Partial<UploadTable>> = (position, end, limit) => {
    const open = reads.selectFrom("uploads").selectAll().where("bucket", "=", query.bucket).where(isOpen);
    const rows =
      "from" in position
        ? open.where("key", ">=", position.from)
        : open.where(
            sql<boolean>`(key, created_at, id) > (${position.after.key}, ${position.after.created_at}, ${position.after.id})`,
          );
    return (end === undefined ? rows : rows.where("key", "<", end))
      .orderBy("key")
      .orderBy("created_at")
      .orderBy("id")
      .limit(limit)
      .execute();
  };
  return listPage({ ...query, start }, scan, {
    key: (row) => row.key,
    entry: (row) => ({ kind: "upload" as const, upload: toUpload(row as UploadTable) }),
  });
}

interface UploadPosition {
  readonly key: string;
  readonly created_at: number;
  readonly id: string;
}

/**
 * S3: with an upload-id-marker, further uploads of the marked key may follow; without one, only greater keys. If the
 * marked upload was forgotten meanwhile, its key starts again: a repeated entry is better than a missed one.
 */
async function startOf(reads: Tx, query: UploadQuery): Promise<Position<UploadPosition> | undefined> {
  const key = toKeyText(query.keyMarker);
  const from = firstAfter(query.keyMarker, query.prefix, query.delimiter);
  // Not for a marker in a common prefix, because all of that is skipped.
  if (query.keyMarker !== "" && query.uploadIdMarker !== "" && from === justAfter(key)) {
    const marked = await reads
      .selectFrom("uploads")
      .select("created_at")
      .where("id", "=", query.uploadIdMarker)
      .where("bucket", "=", query.bucket)
      .where("key", "=", key)
      .executeTakeFirst();
    return { after: { key, created_at: marked?.created_at ?? -1, id: query.uploadIdMarker } };
  }
  return from === undefined ? undefined : { from };
}

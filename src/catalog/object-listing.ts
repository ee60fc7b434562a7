import { sql } from "kysely";
import type { Checksum } from "../model/checksum.js";
import type { ContentHeaders } from "../model/object.js";
import type { ListedVersion, ObjectPage, ObjectQuery } from "./catalog.js";
import { unpackJson } from "./json.js";
import { fromKeyText, justAfter } from "./key-text.js";
import { firstAfter, listPage, type Scan } from "./listing.js";
import type { Tx } from "./store.js";
import { isLatest } from "./versions.js";

export interface ListedRow {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly owner: string;
  readonly created_at: number;
  readonly checksum: string | null;
  readonly content: string | null;
}

export const listedColumns = ["key", "size", "etag", "owner", "created_at", "checksum", "content"] as const;

export async function listObjects(reads: Tx, query: ObjectQuery): Promise<ObjectPage> {
  const from = firstAfter(query.after, query.prefix, query.delimiter);
  if (from === undefined) return { entries: [], truncated: false };
  const scan: Scan<ListedRow> = (position, end, limit) => {
    const start = "from" in position ? position.from : justAfter(position.after.key);
    const rows = reads.selectFrom("versions").select(listedColumns)
      .where("bucket", "=", query.bucket).where(isLatest).where("delete_marker", "=", sql.lit(0)).where("key", ">=", start);
    return (end === undefined ? rows : rows.where("key", "<", end)).orderBy("key").limit(limit).execute();
  };
  const { entries, truncated } = await listPage({ ...query, start: { from } }, scan);
  return {
    entries: entries.map((entry) =>
      "row" in entry ? { kind: "key", version: listed(entry.row) } : { kind: "prefix", prefix: fromKeyText(entry.prefix) }),
    truncated,
  };
}

export function listed(row: ListedRow): ListedVersion {
  const checksum = unpackJson(row.checksum) as Checksum | undefined;
  const content = (unpackJson(row.content) ?? {}) as ContentHeaders;
  return {
    key: fromKeyText(row.key), size: row.size, etag: row.etag, owner: row.owner, createdAt: row.created_at,
    ...(checksum ? { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type } : {}),
    ...(content.storageClass === undefined ? {} : { storageClass: content.storageClass }),
  };
}

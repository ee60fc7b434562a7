import { sql } from "kysely";
import type { ChecksumAlgorithm, ChecksumType } from "../model/checksum.js";
import type { ListedKey, ListedVersion, ObjectPage, ObjectQuery } from "./catalog.js";
import { aclColumn, checksumColumn, contentColumn } from "./json-columns.js";
import { fromKeyText, justAfter } from "./key-text.js";
import { firstAfter, listPage, type Scan } from "./listing.js";
import type { PageQuery, Store } from "./store.js";
import { isLatest } from "./versions.js";

export interface ListedRow {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly owner: string;
  readonly created_at: number;
  readonly checksum: string | null;
  readonly content: string | null;
  readonly acl: string | null;
}

export const listedColumns = ["key", "size", "etag", "owner", "created_at", "checksum", "content", "acl"] as const;

const pageColumns = [
  "key",
  "size",
  "etag",
  { unless: "owner" },
  "created_at",
  { json: "checksum", members: ["algorithm", "type"] },
  { json: "content", members: ["storageClass"] },
  { json: "acl", members: ["owner"] },
] as const;

/** A row of a page, with the columns of `pageColumns`. */
type PageRow = readonly [
  string,
  number,
  string,
  string | null,
  number,
  readonly [ChecksumAlgorithm, ChecksumType] | null,
  string | null,
  string | null,
];

/** Listings of current versions, prepared once: a page of a thousand keys, or one seek past a common prefix. */
export class ObjectListing {
  private readonly toEnd: PageQuery;
  private readonly toBound: PageQuery;

  constructor(store: Store) {
    const rows = store.reads
      .selectFrom("versions")
      .select(listedColumns)
      .where("bucket", "=", "")
      .where(isLatest)
      .where("delete_marker", "=", sql.lit(0))
      .where("key", ">=", "");
    this.toEnd = store.pages(pageColumns, rows.orderBy("key").limit(0));
    this.toBound = store.pages(pageColumns, rows.where("key", "<", "").orderBy("key").limit(0));
  }

  async page(query: ObjectQuery): Promise<ObjectPage> {
    const from = firstAfter(query.after, query.prefix, query.delimiter);
    if (from === undefined) return { entries: [], truncated: false };
    const scan: Scan<PageRow> = async (position, end, limit) => {
      const start = "from" in position ? position.from : justAfter(position.after[0]);
      const bound = [query.owner, query.bucket, start];
      const rows = end === undefined ? this.toEnd([...bound, limit]) : this.toBound([...bound, end, limit]);
      return (await rows) as readonly PageRow[];
    };
    return listPage({ ...query, start: { from } }, scan, {
      key: (row) => row[0],
      entry: (row): ListedKey => ({ kind: "key", version: paged(row, query.owner) }),
    });
  }
}

function paged(
  [key, size, etag, payer, createdAt, checksum, storageClass, owner]: PageRow,
  usual: string,
): ListedVersion {
  return {
    key: fromKeyText(key),
    size,
    etag,
    owner: owner ?? payer ?? usual,
    createdAt,
    ...(checksum === null ? {} : { checksumAlgorithm: checksum[0], checksumType: checksum[1] }),
    ...(storageClass === null ? {} : { storageClass }),
  };
}

export function listed(row: ListedRow): ListedVersion {
  const checksum = checksumColumn.unpack(row.checksum);
  const acl = aclColumn.unpack(row.acl);
  const content = contentColumn.unpack(row.content) ?? {};
  return {
    key: fromKeyText(row.key),
    size: row.size,
    etag: row.etag,
    owner: acl?.owner ?? row.owner,
    createdAt: row.created_at,
    ...(checksum ? { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type } : {}),
    ...(content.storageClass === undefined ? {} : { storageClass: content.storageClass }),
  };
}

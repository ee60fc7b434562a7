import { sql } from "kysely";
import type { Bucket, Versioning } from "../model/bucket.js";
import type { BucketTable } from "./schema.js";
import type { Tx } from "./store.js";

/** Query of buckets with their versioning, which all operations on objects need. */
export function bucketRows(tx: Tx) {
  return tx
    .selectFrom("buckets as b")
    .leftJoin("configurations as c", (join) =>
      join.onRef("c.bucket", "=", "b.name").on("c.name", "=", sql.lit("versioning")),
    )
    .select(["b.name", "b.owner", "b.region", "b.created_at", "c.document as versioning"]);
}

export function toBucket(row: BucketTable & { readonly versioning: string | null }): Bucket {
  const { name, owner, region, created_at: createdAt, versioning } = row;
  return { name, owner, region, createdAt, ...(versioning === null ? {} : { versioning: versioning as Versioning }) };
}

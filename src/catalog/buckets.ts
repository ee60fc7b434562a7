import type { Clock } from "../model/clock.js";
import type { Bucket } from "../model/bucket.js";
import { S3Error } from "../model/errors.js";
import { orphansAmong } from "./blob-links.js";
import type { BucketCatalog, Released } from "./catalog.js";
import type { BucketTable } from "./schema.js";
import type { Store } from "./store.js";
import { abortUpload } from "./uploads.js";

export class BucketTableCatalog implements BucketCatalog {
  constructor(private readonly store: Store, private readonly clock: Clock) {}

  create(bucket: Omit<Bucket, "createdAt">): Promise<{ readonly created: boolean; readonly bucket: Bucket }> {
    return this.store.write(async (tx) => {
      const known = await tx.selectFrom("buckets").selectAll().where("name", "=", bucket.name).executeTakeFirst();
      if (known) return { created: false, bucket: toBucket(known) };
      const row = { name: bucket.name, owner: bucket.owner, region: bucket.region, created_at: this.clock.now() };
      await tx.insertInto("buckets").values(row).execute();
      return { created: true, bucket: toBucket(row) };
    });
  }

  async get(name: string): Promise<Bucket | undefined> {
    const row = await this.store.reads.selectFrom("buckets").selectAll().where("name", "=", name).executeTakeFirst();
    return row && toBucket(row);
  }

  async list(owner: string): Promise<Bucket[]> {
    const rows = await this.store.reads.selectFrom("buckets").selectAll().where("owner", "=", owner).orderBy("name").execute();
    return rows.map(toBucket);
  }

  delete(name: string): Promise<Released> {
    return this.store.write(async (tx) => {
      const known = await tx.selectFrom("buckets").select("name").where("name", "=", name).executeTakeFirst();
      if (!known) throw new S3Error("NoSuchBucket", { resource: name });
      const version = await tx.selectFrom("versions").select("id").where("bucket", "=", name).limit(1).executeTakeFirst();
      if (version) throw new S3Error("BucketNotEmpty", { resource: name });
      const open = await tx.selectFrom("uploads").select("id").where("bucket", "=", name).where("state", "=", "open").execute();
      const released: string[] = [];
      for (const upload of open) released.push(...(await abortUpload(tx, this.clock.now(), upload.id)));
      await tx.deleteFrom("configurations").where("bucket", "=", name).execute();
      await tx.deleteFrom("buckets").where("name", "=", name).execute();
      return { orphans: await orphansAmong(tx, released) };
    });
  }
}

function toBucket(row: BucketTable): Bucket {
  return { name: row.name, owner: row.owner, region: row.region, createdAt: row.created_at };
}

import type { Clock } from "../model/clock.js";
import { documentNames, writeDocument, type DocumentSet } from "../model/bucket-documents.js";
import { type Bucket, noBucket } from "../model/bucket.js";
import { orphansAmong } from "./blob-links.js";
import type { BucketCache } from "./bucket-cache.js";
import type { BucketCatalog, Released } from "./catalog.js";
import type { Store } from "./store.js";
import { DomainError } from "../model/errors.js";
import { bucketRows, toBucket } from "./bucket-rows.js";
import { abortUpload } from "./uploads.js";

export class BucketTableCatalog implements BucketCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly cache: BucketCache,
  ) {}

  create(
    bucket: Omit<Bucket, "createdAt" | "versioning">,
    documents: DocumentSet = {},
  ): Promise<{ readonly created: boolean; readonly bucket: Bucket }> {
    return this.cache.change(this.store, bucket.name, async (tx) => {
      const known = await bucketRows(tx).where("b.name", "=", bucket.name).executeTakeFirst();
      if (known) return { created: false, bucket: toBucket(known) };
      const row = { name: bucket.name, owner: bucket.owner, region: bucket.region, created_at: this.clock.now() };
      await tx.insertInto("buckets").values(row).execute();
      for (const name of documentNames) {
        const document = documents[name];
        if (document === undefined) continue;
        const text = writeDocument(name, document as never);
        await tx.insertInto("configurations").values({ bucket: bucket.name, name, document: text }).execute();
      }
      return { created: true, bucket: toBucket({ ...row, versioning: documents.versioning ?? null }) };
    });
  }

  async get(name: string): Promise<Bucket | undefined> {
    return (await this.cache.read(name))?.bucket;
  }

  async list(owner: string): Promise<Bucket[]> {
    const owned = await bucketRows(this.store.reads).where("b.owner", "=", owner).orderBy("b.name").execute();
    return owned.map(toBucket);
  }

  delete(name: string): Promise<Released> {
    return this.cache.change(this.store, name, async (tx) => {
      const known = await tx.selectFrom("buckets").select("name").where("name", "=", name).executeTakeFirst();
      if (!known) throw noBucket(name);
      const version = await tx
        .selectFrom("versions")
        .select("id")
        .where("bucket", "=", name)
        .limit(1)
        .executeTakeFirst();
      if (version) throw new DomainError({ kind: "bucketNotEmpty", bucket: name }, `The bucket ${name} is not empty.`);
      const open = await tx
        .selectFrom("uploads")
        .select("id")
        .where("bucket", "=", name)
        .where("state", "=", "open")
        .execute();
      const released: string[] = [];
      for (const upload of open) released.push(...(await abortUpload(tx, this.clock.now(), upload.id)));
      await tx.deleteFrom("configurations").where("bucket", "=", name).execute();
      await tx.deleteFrom("bucket_usage").where("bucket", "=", name).execute();
      await tx.deleteFrom("usage_slots").where("bucket", "=", name).execute();
      await tx.deleteFrom("buckets").where("name", "=", name).execute();
      return { orphans: await orphansAmong(tx, released) };
    });
  }
}

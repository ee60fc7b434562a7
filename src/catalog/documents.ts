import {
  writeDocument,
  type BucketDocument,
  type BucketDocuments,
  type DocumentName,
} from "../model/bucket-documents.js";
import { noBucket } from "../model/bucket.js";
import type { BucketCache } from "./bucket-cache.js";
import type { DocumentCatalog } from "./catalog.js";
import type { Store } from "./store.js";

/** Configurations of buckets, one document for each sub-resource. */
export class DocumentTableCatalog implements DocumentCatalog {
  constructor(
    private readonly store: Store,
    private readonly cache: BucketCache,
  ) {}

  async get<Name extends DocumentName>(bucket: string, name: Name): Promise<BucketDocument<Name> | undefined> {
    return (await this.cache.read(bucket))?.documents.get(name);
  }

  async all(bucket: string): Promise<BucketDocuments | undefined> {
    return (await this.cache.read(bucket))?.documents;
  }

  async bucketsWith(name: DocumentName): Promise<string[]> {
    const rows = await this.store.reads
      .selectFrom("configurations")
      .select("bucket")
      .where("name", "=", name)
      .orderBy("bucket")
      .execute();
    return rows.map((row) => row.bucket);
  }

  async put<Name extends DocumentName>(bucket: string, name: Name, value: BucketDocument<Name>): Promise<void> {
    const document = writeDocument(name, value);
    await this.cache.change(this.store, bucket, async (tx) => {
      const known = await tx.selectFrom("buckets").select("name").where("name", "=", bucket).executeTakeFirst();
      if (!known) throw noBucket(bucket);
      await tx
        .insertInto("configurations")
        .values({ bucket, name, document })
        .onConflict((conflict) => conflict.columns(["bucket", "name"]).doUpdateSet({ document }))
        .execute();
    });
  }

  async delete(bucket: string, name: DocumentName): Promise<void> {
    await this.cache.change(this.store, bucket, (tx) =>
      tx.deleteFrom("configurations").where("bucket", "=", bucket).where("name", "=", name).execute(),
    );
  }
}

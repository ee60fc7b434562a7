import { noBucket } from "../model/bucket.js";
import type { BucketCache } from "./bucket-cache.js";
import type { ConfigurationCatalog, ConfigurationName } from "./catalog.js";
import type { Store } from "./store.js";

/** Configurations of buckets, one document for each sub-resource. */
export class ConfigurationTableCatalog implements ConfigurationCatalog {
  constructor(
    private readonly store: Store,
    private readonly cache: BucketCache,
  ) {}

  async get(bucket: string, name: ConfigurationName): Promise<string | undefined> {
    return (await this.cache.read(bucket))?.configurations.get(name);
  }

  async all(bucket: string): Promise<ReadonlyMap<ConfigurationName, string>> {
    return (await this.cache.read(bucket))?.configurations ?? new Map<never, never>();
  }

  async bucketsWith(name: ConfigurationName): Promise<string[]> {
    const rows = await this.store.reads
      .selectFrom("configurations")
      .select("bucket")
      .where("name", "=", name)
      .orderBy("bucket")
      .execute();
    return rows.map((row) => row.bucket);
  }

  async put(bucket: string, name: ConfigurationName, document: string): Promise<void> {
    await this.cache.change(bucket, () =>
      this.store.write(async (tx) => {
        const known = await tx.selectFrom("buckets").select("name").where("name", "=", bucket).executeTakeFirst();
        if (!known) throw noBucket(bucket);
        await tx
          .insertInto("configurations")
          .values({ bucket, name, document })
          .onConflict((conflict) => conflict.columns(["bucket", "name"]).doUpdateSet({ document }))
          .execute();
      }),
    );
  }

  async delete(bucket: string, name: ConfigurationName): Promise<void> {
    await this.cache.change(bucket, () =>
      this.store.write((tx) =>
        tx.deleteFrom("configurations").where("bucket", "=", bucket).where("name", "=", name).execute(),
      ),
    );
  }
}

import type { Catalog, ConfigurationName } from "../catalog/catalog.js";
import type { Bucket } from "../model/bucket.js";
import { S3Error } from "../model/errors.js";
import { permittedBucket } from "./access.js";
import { requireBucketName } from "./bucket-name.js";
import type { Buckets, Call } from "./gateway.js";
import type { Staging } from "./staging.js";

export interface BucketComponents {
  readonly catalog: Catalog;
  readonly staging: Staging;
}

export class BucketService implements Buckets {
  constructor(private readonly components: BucketComponents, private readonly settings: { readonly region: string }) {}

  async create(call: Call, name: string, { objectLock } = { objectLock: false }): Promise<Bucket> {
    requireBucketName(name);
    // A bucket with object lock has versioning from its first moment.
    const configurations = new Map<ConfigurationName, string>(objectLock ? [["versioning", "Enabled"], ["object-lock", "{}"]] : []);
    const fresh = { name, owner: call.account.id, region: this.settings.region };
    const { created, bucket } = await this.components.catalog.buckets.create(fresh, configurations);
    // One's own bucket again is success in us-east-1, and rclone relies on it.
    if (!created && bucket.owner !== call.account.id) {
      throw new S3Error("BucketAlreadyExists", { resource: name, fields: { BucketName: name } });
    }
    return bucket;
  }

  get(call: Call, name: string): Promise<Bucket> {
    return permittedBucket(this.components.catalog, call, name);
  }

  list(call: Call): Promise<readonly Bucket[]> {
    return this.components.catalog.buckets.list(call.account.id);
  }

  async delete(call: Call, name: string): Promise<void> {
    const { catalog, staging } = this.components;
    await permittedBucket(catalog, call, name);
    await staging.commit([], () => catalog.buckets.delete(name));
  }
}

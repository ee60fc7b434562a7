import type { Catalog } from "../../catalog/catalog.js";
import { S3Error } from "../s3-error.js";
import type { LifecycleConfiguration } from "../../model/lifecycle.js";
import { permittedBucket } from "../access/access.js";
import type { Call, Lifecycles } from "../gateway.js";

/** Lifecycle rules as their owners set them; maintenance does what they say. */
export class LifecycleService implements Lifecycles {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async get(call: Call, bucket: string): Promise<LifecycleConfiguration> {
    const { catalog } = this.components;
    await permittedBucket(catalog, call, bucket);
    const document = await catalog.configurations.get(bucket, "lifecycle");
    if (document === undefined) throw new S3Error("NoSuchLifecycleConfiguration", { fields: { BucketName: bucket } });
    return JSON.parse(document) as LifecycleConfiguration;
  }

  async set(call: Call, bucket: string, configuration: LifecycleConfiguration): Promise<void> {
    const { catalog } = this.components;
    await permittedBucket(catalog, call, bucket);
    await catalog.configurations.put(bucket, "lifecycle", JSON.stringify(configuration));
  }

  async delete(call: Call, bucket: string): Promise<void> {
    const { catalog } = this.components;
    await permittedBucket(catalog, call, bucket);
    await catalog.configurations.delete(bucket, "lifecycle");
  }
}

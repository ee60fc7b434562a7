import type { Catalog } from "../../catalog/catalog.js";
import { S3Error } from "../s3-error.js";
import type { WebsiteConfiguration } from "../../model/website.js";
import { permittedBucket } from "../access/access.js";
import type { Call, Websites } from "../gateway.js";

export class WebsiteService implements Websites {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async get(call: Call, bucket: string): Promise<WebsiteConfiguration> {
    await permittedBucket(this.components.catalog, call, bucket);
    return this.of(bucket);
  }

  async set(call: Call, bucket: string, configuration: WebsiteConfiguration): Promise<void> {
    await permittedBucket(this.components.catalog, call, bucket);
    await this.components.catalog.configurations.put(bucket, "website", JSON.stringify(configuration));
  }

  async delete(call: Call, bucket: string): Promise<void> {
    await permittedBucket(this.components.catalog, call, bucket);
    await this.components.catalog.configurations.delete(bucket, "website");
  }

  async of(bucket: string): Promise<WebsiteConfiguration> {
    const { catalog } = this.components;
    if (!(await catalog.buckets.get(bucket)))
      throw new S3Error("NoSuchBucket", { resource: bucket, fields: { BucketName: bucket } });
    const document = await catalog.configurations.get(bucket, "website");
    if (document === undefined)
      throw new S3Error("NoSuchWebsiteConfiguration", { resource: bucket, fields: { BucketName: bucket } });
    return JSON.parse(document) as WebsiteConfiguration;
  }
}

import type { Catalog } from "../../catalog/catalog.js";
import type { CorsRule } from "../../model/cors.js";
import { S3Error } from "../s3-error.js";
import { permittedBucket } from "../access/access.js";
import type { Call, Cors } from "../gateway.js";

export class CorsService implements Cors {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async rules(call: Call, bucket: string): Promise<readonly CorsRule[]> {
    await permittedBucket(this.components.catalog, call, bucket);
    const rules = await this.of(bucket);
    if (!rules) throw new S3Error("NoSuchCORSConfiguration", { resource: bucket, fields: { BucketName: bucket } });
    return rules;
  }

  async set(call: Call, bucket: string, rules: readonly CorsRule[]): Promise<void> {
    await permittedBucket(this.components.catalog, call, bucket);
    await this.components.catalog.configurations.put(bucket, "cors", JSON.stringify(rules));
  }

  async delete(call: Call, bucket: string): Promise<void> {
    await permittedBucket(this.components.catalog, call, bucket);
    await this.components.catalog.configurations.delete(bucket, "cors");
  }

  async of(bucket: string): Promise<readonly CorsRule[] | undefined> {
    const document = await this.components.catalog.configurations.get(bucket, "cors");
    return document === undefined ? undefined : (JSON.parse(document) as CorsRule[]);
  }
}

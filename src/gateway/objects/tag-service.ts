import type { Catalog } from "../../catalog/catalog.js";
import { S3Error } from "../s3-error.js";
import { requireTags, TAG_LIMITS, type Tag } from "../../model/tag.js";
import { permittedBucket } from "../access/access.js";
import type { Call, ObjectName, Tagged, Tagging } from "../gateway.js";
import { readableVersion } from "./object-read.js";
import { shownVersionId } from "./version-service.js";

/** Tags of buckets and objects. */
export class TagService implements Tagging {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async ofBucket(call: Call, bucket: string): Promise<readonly Tag[]> {
    const { catalog } = this.components;
    await permittedBucket(catalog, call, bucket);
    const document = await catalog.configurations.get(bucket, "tagging");
    if (document === undefined) throw new S3Error("NoSuchTagSet", { resource: bucket, fields: { BucketName: bucket } });
    return JSON.parse(document) as Tag[];
  }

  async setBucket(call: Call, bucket: string, tags: readonly Tag[]): Promise<void> {
    const { catalog } = this.components;
    requireTags(tags, TAG_LIMITS.bucket);
    await permittedBucket(catalog, call, bucket);
    if (tags.length === 0) await catalog.configurations.delete(bucket, "tagging");
    else await catalog.configurations.put(bucket, "tagging", JSON.stringify(tags));
  }

  async deleteBucket(call: Call, bucket: string): Promise<void> {
    const { catalog } = this.components;
    await permittedBucket(catalog, call, bucket);
    await catalog.configurations.delete(bucket, "tagging");
  }

  async ofObject(call: Call, name: ObjectName): Promise<Tagged> {
    const { catalog } = this.components;
    const bucket = await permittedBucket(catalog, call, name.bucket);
    const { tags = [], versionId } = await readableVersion(catalog, name);
    return { tags, ...shownVersionId(bucket, versionId) };
  }

  async setObject(call: Call, name: ObjectName, tags: readonly Tag[]): Promise<Tagged> {
    const { catalog } = this.components;
    requireTags(tags, TAG_LIMITS.object);
    const bucket = await permittedBucket(catalog, call, name.bucket);
    const { id, versionId } = await readableVersion(catalog, name);
    if (!(await catalog.objects.setTags(id, tags)))
      throw new S3Error("NoSuchKey", { resource: name.key, fields: { Key: name.key } });
    return { tags, ...shownVersionId(bucket, versionId) };
  }
}

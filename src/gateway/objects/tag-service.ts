import type { Catalog } from "../../catalog/catalog.js";
import { S3Error } from "../s3-error.js";
import { requireTags, TAG_LIMITS, type Tag } from "../../model/tag.js";
import { permittedBucket } from "../access/access.js";
import type { BucketCall, ObjectName, Tagged, Tagging } from "../gateway.js";
import { readableVersion } from "./object-read.js";
import { shownVersionId } from "./version-service.js";

/** Tags of buckets and objects. */
export class TagService implements Tagging {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async ofBucket(call: BucketCall): Promise<readonly Tag[]> {
    const { catalog } = this.components;
    const document = await catalog.configurations.get(bucket, "tagging");
    if (document === undefined) throw new S3Error("NoSuchTagSet", { resource: bucket, fields: { BucketName: bucket } });
    return JSON.parse(document) as Tag[];
  }

  async setBucket(call: BucketCall, tags: readonly Tag[]): Promise<void> {
    const { catalog } = this.components;
    requireTags(tags, TAG_LIMITS.bucket);
    if (tags.length === 0) await catalog.configurations.delete(bucket, "tagging");
    else await catalog.configurations.put(bucket, "tagging", JSON.stringify(tags));
  }

  async deleteBucket(call: BucketCall): Promise<void> {
    const { catalog } = this.components;
    await catalog.configurations.delete(bucket, "tagging");
  }

  async ofObject(call: BucketCall, name: ObjectKey): Promise<Tagged> {
    const { catalog } = this.components;
    const bucket = await permittedBucket(catalog, call, name.bucket);
    const { tags = [], versionId } = await readableVersion(catalog, name);
    return { tags, ...shownVersionId(bucket, versionId) };
  }

  async setObject(call: BucketCall, name: ObjectKey, tags: readonly Tag[]): Promise<Tagged> {
    const { catalog } = this.components;
    requireTags(tags, TAG_LIMITS.object);
    const bucket = await permittedBucket(catalog, call, name.bucket);
    const { id, versionId } = await readableVersion(catalog, name);
    if (!(await catalog.objects.setTags(id, tags)))
      throw new S3Error("NoSuchKey", { resource: name.key, fields: { Key: name.key } });
    return { tags, ...shownVersionId(bucket, versionId) };
  }
}

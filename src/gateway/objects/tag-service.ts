import type { Catalog } from "../../catalog/catalog.js";
import { S3Error } from "../s3-error.js";
import { requireTags, TAG_LIMITS, type Tag } from "../../model/tag.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";
import { readableVersion } from "./object-read.js";
import type { Tagged, Tagging } from "./tagging.js";
import { visibleVersionId } from "./visible-version-id.js";

/** Tags of objects. Those of a bucket are a bucket document. */
export class TagService implements Tagging {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async get({ bucket }: BucketCall, name: ObjectKey): Promise<Tagged> {
    const { catalog } = this.components;
    const { tags = [], versionId } = await readableVersion(catalog, bucket.name, name);
    return { tags, ...visibleVersionId(bucket, versionId) };
  }

  async set({ bucket }: BucketCall, name: ObjectKey, tags: readonly Tag[]): Promise<Tagged> {
    const { catalog } = this.components;
    requireTags(tags, TAG_LIMITS.object);
    const { id, versionId } = await readableVersion(catalog, bucket.name, name);
    if (!(await catalog.objects.setTags(id, tags)))
      throw new S3Error("NoSuchKey", { resource: name.key, fields: { Key: name.key } });
    return { tags, ...visibleVersionId(bucket, versionId) };
  }
}

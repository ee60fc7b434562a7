import type { Catalog } from "../../catalog/catalog.js";
import type { Bucket, Versioning } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import { withOwners } from "../access/object-acl.js";
import { permittedBucket } from "../access/access.js";
import type { BucketCall, VersionListRequest, VersionListResult, Versions } from "../gateway.js";

/** Versioning of buckets, and their versions listed. */
export class VersionService implements Versions {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async state(call: BucketCall): Promise<Versioning | undefined> {
    return (await permittedBucket(this.components.catalog, call, bucket)).versioning;
  }

  async setState(call: BucketCall, state: Versioning): Promise<void> {
    const { catalog } = this.components;
    if (state === "Suspended" && (await catalog.configurations.get(bucket, "object-lock")) !== undefined) {
      throw new S3Error("InvalidBucketState", {
        message: "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        resource: bucket,
      });
    }
    await catalog.configurations.put(bucket, "versioning", state);
  }

  async list(call: BucketCall, request: VersionListRequest): Promise<VersionListResult> {
    const { catalog } = this.components;
    const bucket = await permittedBucket(catalog, call, name);
    const { entries, truncated } = await catalog.objects.listVersions({ bucket: name, ...request });
    const last = entries.at(-1);
    const next =
      last?.kind === "version"
        ? { nextKeyMarker: last.version.key, nextVersionIdMarker: last.version.versionId }
        : { nextKeyMarker: last?.prefix ?? "" };
    return {
      versions: await withOwners(
        catalog,
        bucket,
        entries.flatMap((entry) => (entry.kind === "version" ? [entry.version] : [])),
      ),
      prefixes: entries.flatMap((entry) => (entry.kind === "prefix" ? [entry.prefix] : [])),
      truncated,
      ...(truncated && last ? next : {}),
    };
  }
}

/**
 * What an answer says of a version: nothing in a bucket that never had versioning, where every version is the null one.
 */
export function shownVersionId({ versioning }: Bucket, versionId: string): { readonly versionId?: string } {
  return versioning === undefined && versionId === "null" ? {} : { versionId };
}

import type { Catalog } from "../../catalog/catalog.js";
import { withOwners } from "../access/object-acl.js";
import type { BucketCall } from "../call.js";
import type { VersionListRequest, VersionListResult, Versions } from "./versions.js";

/** Lists the versions of a bucket's objects. */
export class VersionService implements Versions {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  async list({ bucket }: BucketCall, request: VersionListRequest): Promise<VersionListResult> {
    const { catalog } = this.components;
    const { entries, truncated } = await catalog.objects.listVersions({ bucket: bucket.name, ...request });
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

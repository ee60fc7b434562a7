import type { Catalog } from "../../catalog/catalog.js";
import { isNetworkBucket } from "../../model/bucket.js";
import { withOwners } from "../access/object-acl.js";
import type { BucketCall } from "../call.js";
import type { NetworkBucket } from "./network-bucket.js";
import type { VersionListRequest, VersionListResult, Versions } from "./versions.js";

/** Lists the versions of a bucket's objects. */
export class VersionService implements Versions {
  constructor(
    private readonly components: { readonly catalog: Catalog; readonly network?: NetworkBucket | undefined },
  ) {}

  async list(call: BucketCall, request: VersionListRequest): Promise<VersionListResult> {
    const { catalog, network } = this.components;
    const { bucket } = call;
    if (network && isNetworkBucket(bucket)) return listFiles(network, call, request);
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

/** Each file of the network has one version. */
async function listFiles(
  network: NetworkBucket,
  call: BucketCall,
  { keyMarker: after, ...request }: VersionListRequest,
): Promise<VersionListResult> {
  const { keys, prefixes, truncated, last } = await network.list(call, { ...request, after });
  const only = { versionId: "null", isLatest: true, deleteMarker: false };
  return {
    versions: keys.map((key) => ({ ...key, ...only, id: key.key })),
    prefixes,
    truncated,
    ...(last === undefined ? {} : { nextKeyMarker: last }),
    ...(last !== undefined && last === keys.at(-1)?.key ? { nextVersionIdMarker: "null" } : {}),
  };
}

import type { Catalog } from "../../catalog/catalog.js";
import { isNetworkBucket, type Bucket } from "../../model/bucket.js";
import type { ObjectVersion } from "../../model/object.js";
import type { NetworkBucket } from "./network-bucket.js";
import { readableVersion } from "./object-read.js";
import type { ObjectKey } from "./objects.js";

export interface LookupComponents {
  readonly catalog: Catalog;
  /** The bucket of all files on the network, where there is one. */
  readonly network?: NetworkBucket | undefined;
}

/** Finds the version that a read asks for: in the catalog or, for the network bucket, on the chain. */
export class VersionLookup {
  constructor(private readonly components: LookupComponents) {}

  /** NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker named by its ID. */
  find(bucket: Bucket, name: ObjectKey, signal: AbortSignal): Promise<ObjectVersion> {
    const { catalog, network } = this.components;
    if (network && isNetworkBucket(bucket)) return network.version(bucket.name, name, signal);
    return readableVersion(catalog, bucket.name, name);
  }
}

import type { Catalog } from "../../catalog/catalog.js";
import { isNetworkBucket, type Bucket } from "../../model/bucket.js";
import type { ObjectVersion } from "../../model/object.js";
import { waitFor } from "../../model/waits.js";
import type { Call } from "../call.js";
import type { NetworkBucket, NetworkRead } from "./network-bucket.js";
import { inapplicableKey } from "./object-encryption.js";
import { readableVersion } from "./object-read.js";
import type { ObjectKey } from "./objects.js";

export interface LookupComponents {
  readonly catalog: Catalog;
  /** The bucket of all files on the network, where there is one. */
  readonly network?: NetworkBucket | undefined;
}

/** Who looks a version up, and how one of the network bucket. */
export type Lookup = Pick<Call, "waits"> & NetworkRead;

/** Finds the version that a read asks for: in the catalog or, for the network bucket, on the chain. */
export class VersionLookup {
  constructor(private readonly components: LookupComponents) {}

  /**
   * NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker named by its ID; InvalidRequest for a customer's cipher
   * where none is of use. The header `Cipher` is ignored there: it is DeOSS's, and says nothing in S3.
   */
  async find(bucket: Bucket, name: ObjectKey, lookup: Lookup): Promise<ObjectVersion> {
    const { catalog, network } = this.components;
    if (network && isNetworkBucket(bucket))
      return waitFor(lookup.waits, "chain", network.version(bucket.name, name, lookup));
    const version = await readableVersion(catalog, bucket.name, name);
    if (lookup.cipher?.md5 !== undefined) throw inapplicableKey();
    return version;
  }
}

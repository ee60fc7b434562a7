import type { Catalog } from "../../catalog/catalog.js";
import { isNetworkBucket, NETWORK_OWNER } from "../../model/bucket.js";
import type { ByteRange } from "../../model/byte-range.js";
import { type Fid, isHash } from "../../model/hash.js";
import type { ObjectVersion } from "../../model/object.js";
import { waitFor, type Waits } from "../../model/waits.js";
import { FRAGMENTS } from "../../model/sizes.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";
import type { Retrieval } from "../../retrieval/retrieval.js";
import type { ByteStream } from "../../streams/byte-stream.js";
import { S3Error } from "../s3-error.js";
import type { ObjectKey } from "./objects.js";

export interface NetworkBucketComponents {
  readonly catalog: Pick<Catalog, "buckets">;
  readonly files: NetworkFiles;
  readonly retrieval: Retrieval;
}

/**
 * The bucket whose keys are FIDs and whose objects are all files on the network, for reading. In the catalog it is an
 * empty bucket of an owner that no account can be, so that the authorizer decides on it as on any other bucket, and
 * nobody can create it.
 */
export class NetworkBucket {
  private constructor(private readonly components: NetworkBucketComponents) {}

  /** Claims the bucket name. Undefined if it is taken: that bucket stays its owner's. */
  static async open(
    components: NetworkBucketComponents,
    { name, region }: { readonly name: string; readonly region: string },
  ): Promise<NetworkBucket | undefined> {
    const { buckets } = components.catalog;
    // Of an earlier configuration: a name that is not used any more is free again.
    for (const old of await buckets.list(NETWORK_OWNER)) if (old.name !== name) await buckets.delete(old.name);
    if (name === "") return undefined;
    const { bucket } = await buckets.create({ name, owner: NETWORK_OWNER, region });
    return isNetworkBucket(bucket) ? new NetworkBucket(components) : undefined;
  }

  /** NoSuchKey, NoSuchVersion. */
  async version(bucket: string, { key, versionId }: ObjectKey, signal: AbortSignal): Promise<ObjectVersion> {
    if (versionId !== undefined && versionId !== "null") {
      throw new S3Error("NoSuchVersion", { resource: key, fields: { Key: key, VersionId: versionId } });
    }
    const { fid, size } = await this.file(key, signal);
    // A file never changes, and the chain does not say since when it is there: it is as old as can be, everywhere.
    return {
      id: fid,
      bucket,
      key: fid,
      versionId: "null",
      isLatest: true,
      deleteMarker: false,
      size,
      etag: fid,
      content: {},
      metadata: {},
      owner: NETWORK_OWNER,
      createdAt: 0,
      // The catalog has no row of such a file, and nobody looks for one.
      extents: [{ file: fid, fid, offset: 0, length: size }],
      durability: { state: "stored", fid, reports: FRAGMENTS },
    };
  }

  /** Bytes of a version of this bucket. ObjectUnavailable when too little of the file can be had. */
  async read(
    { key }: ObjectVersion,
    range: ByteRange,
    { signal, waits }: { readonly signal: AbortSignal; readonly waits?: Waits | undefined },
  ): Promise<ByteStream> {
    const file = await waitFor(waits, "chain", this.file(key, signal));
    return this.components.retrieval.open([{ file, range }], signal, undefined, waits);
  }

  private async file(key: string, signal: AbortSignal) {
    const file = isHash(key) ? await this.components.files.find(key as Fid, signal) : undefined;
    if (!file) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
    return file;
  }
}

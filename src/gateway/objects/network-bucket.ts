import type { Catalog } from "../../catalog/catalog.js";
import type { ByteStream } from "../../streams/byte-stream.js";
import { S3Error } from "../s3-error.js";
import { type Fid, isHash } from "../../model/hash.js";
import type { ObjectVersion } from "../../model/object.js";
import { FRAGMENTS } from "../../model/sizes.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";
import type { Retrieval } from "../../retrieval/retrieval.js";
import type { Call, ObjectName, ReadRequest, ReadResult } from "../gateway.js";
import { resolveRead } from "./object-read.js";

export interface NetworkBucketComponents {
  readonly catalog: Pick<Catalog, "buckets">;
  readonly files: NetworkFiles;
  readonly retrieval: Retrieval;
}

/** Account.id of nobody: no public key is zero. Its bucket is everybody else's to be refused. */
const NOBODY = "0".repeat(64);

/**
 * The bucket whose keys are FIDs and whose objects are all files on the network, for reading. In the catalog it is an
 * empty bucket of nobody's, so that every other operation on it ends as on a stranger's bucket, and nobody can create
 * it.
 */
export class NetworkBucket {
  private constructor(
    private readonly components: NetworkBucketComponents,
    private readonly name: string,
  ) {}

  /** Takes the name. Undefined when a bucket of that name is there already: it stays its owner's. */
  static async open(
    components: NetworkBucketComponents,
    { name, region }: { readonly name: string; readonly region: string },
  ): Promise<NetworkBucket | undefined> {
    const { buckets } = components.catalog;
    // Of an earlier configuration: a name that is not used any more is free again.
    for (const old of await buckets.list(NOBODY)) if (old.name !== name) await buckets.delete(old.name);
    if (name === "") return undefined;
    const { bucket } = await buckets.create({ name, owner: NOBODY, region });
    return bucket.owner === NOBODY ? new NetworkBucket(components, name) : undefined;
  }

  /** Whether reads in this bucket are for `head` and `get` here. */
  serves(bucket: string): boolean {
    return bucket === this.name;
  }

  /**
   * AccessDenied for an account that may not read the network, NoSuchKey, NoSuchVersion, and what resolveRead refuses.
   */
  async head(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult> {
    return resolveRead(version(this.name, await this.find(call, name)), request);
  }

  /** As `head`, and ObjectUnavailable when too little of the file can be had. */
  async get(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult & { readonly body: ByteStream }> {
    const file = await this.find(call, name);
    const result = resolveRead(version(this.name, file), request);
    const range = result.range ?? { start: 0, end: file.size };
    return { ...result, body: await this.components.retrieval.open([{ file, range }], call.signal) };
  }

  private async find({ account, signal }: Call, { key, versionId }: ObjectName) {
    if (account.readsNetwork !== true) throw new S3Error("AccessDenied", { resource: this.name });
    if (versionId !== undefined && versionId !== "null") {
      throw new S3Error("NoSuchVersion", { resource: key, fields: { Key: key, VersionId: versionId } });
    }
    const file = isHash(key) ? await this.components.files.find(key as Fid, signal) : undefined;
    if (!file) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
    return file;
  }
}

/**
 * A file never changes, and the chain does not say since when it is there: it is as old as can be, on every gateway.
 */
function version(bucket: string, { fid, size }: { readonly fid: Fid; readonly size: number }): ObjectVersion {
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
    owner: NOBODY,
    createdAt: 0,
    // There is no row, and nobody looks for one.
    extents: [{ file: fid, fid, offset: 0, length: size }],
    durability: { state: "stored", fid, reports: FRAGMENTS },
  };
}

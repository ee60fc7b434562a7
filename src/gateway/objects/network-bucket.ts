import type { Catalog } from "../../catalog/catalog.js";
import { isNetworkBucket, NETWORK_OWNER } from "../../model/bucket.js";
import { contentTypeOfName } from "../../model/content-type.js";
import type { CustomerCipher } from "../../model/encryption.js";
import { type Fid, isHash } from "../../model/hash.js";
import type { NetworkFile } from "../../model/network-file.js";
import type { ContentHeaders, ObjectVersion } from "../../model/object.js";
import { FRAGMENTS } from "../../model/sizes.js";
import { waitFor } from "../../model/waits.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";
import type { Call, Client } from "../call.js";
import { S3Error } from "../s3-error.js";
import { listHeld } from "./network-listing.js";
import type { ListRequest, ListResult, ObjectKey } from "./objects.js";

export interface NetworkBucketComponents {
  readonly catalog: Pick<Catalog, "buckets">;
  readonly files: NetworkFiles;
}

/** How a file is looked up. */
export interface NetworkRead {
  readonly client: Client;
  /** Decrypts the file. */
  readonly cipher?: CustomerCipher | undefined;
  /** What is said of its owners is shown, or counts: it must not be old. */
  readonly recent?: boolean | undefined;
}

const CIPHER_BYTES = 32;

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

  /**
   * The file as an object, decrypted if a cipher is given. One whose deal is pending has no bytes yet. NoSuchKey,
   * NoSuchVersion; InvalidArgument for a cipher that none can be; the DomainErrors of `NetworkFiles.find`.
   */
  async version(bucket: string, { key, versionId }: ObjectKey, asked: NetworkRead): Promise<ObjectVersion> {
    if (versionId !== undefined && versionId !== "null") {
      throw new S3Error("NoSuchVersion", { resource: key, fields: { Key: key, VersionId: versionId } });
    }
    const network = await this.file(key, asked);
    const { fid, file, reports = FRAGMENTS } = network;
    const size = file?.size ?? network.size;
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
      content: contentOf(network),
      metadata: {},
      owner: NETWORK_OWNER,
      createdAt: 0,
      // The catalog has no row of such a file, and nobody looks for one.
      extents: file ? [{ file: fid, fid, offset: 0, length: size }] : [],
      durability: { state: file ? "stored" : "declared", fid, reports },
      network,
    };
  }

  /** The files that the account holds on chain. The chain's size is shown, also of those that are encrypted. */
  list({ account, client, waits }: Call, request: ListRequest): Promise<ListResult> {
    return waitFor(waits, "chain", listHeld(this.components.files, account, request, client.signal));
  }

  private async file(key: string, { client: { signal }, cipher, recent }: NetworkRead): Promise<NetworkFile> {
    const { files } = this.components;
    if (cipher) requireCipher(cipher);
    const entry = isHash(key) ? await files.entry(key as Fid, signal, recent) : undefined;
    if (entry?.reports !== undefined) return entry;
    const file = entry && (await files.find(entry.fid, signal, cipher?.text));
    if (!file) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
    return { ...entry, file };
  }
}

/** InvalidObjectState for a read of bytes that the network does not have yet. */
export function pendingDeal({ fid, reports = 0 }: NetworkFile): S3Error {
  return new S3Error("InvalidObjectState", {
    message: `The file is on its way: its deal is pending, and ${reports} of ${FRAGMENTS} storage nodes have their fragments. It can be read when all have.`,
    resource: fid,
    headers: { "x-cess-state": "pending", "x-cess-reports": `${reports}/${FRAGMENTS}` },
  });
}

/** The type by the name that the first owner gave. Encrypted bytes are of no type. */
function contentOf({ file, size, owners }: NetworkFile): ContentHeaders {
  const isContent = file === undefined || file.size === size;
  const contentType = isContent ? contentTypeOfName(owners[0]?.fileName ?? "") : undefined;
  return contentType === undefined ? {} : { contentType };
}

function requireCipher({ text }: CustomerCipher): void {
  const bytes = Buffer.byteLength(text);
  if (bytes >= 1 && bytes <= CIPHER_BYTES) return;
  throw new S3Error("InvalidArgument", {
    message: `A cipher has 1 to ${CIPHER_BYTES} bytes of text.`,
    fields: { ArgumentName: "Cipher" },
  });
}

import type { CessFile } from "../../model/file.js";
import { PLAIN } from "../../model/file.js";
import type { ObjectVersion } from "../../model/object.js";
import { DATA_FRAGMENTS, FRAGMENTS } from "../../model/sizes.js";
import type { BucketCall } from "../call.js";
import { S3Error } from "../s3-error.js";
import { isInterchangeable } from "./copied-format.js";
import { newVersion, type VersionMembers } from "./new-version.js";
import type { NewEncryption } from "./object-encryption.js";
import type { CopyRequest } from "./objects.js";
import type { Redundancy } from "./redundancy.js";
import type { StorageComponents } from "./storage-components.js";
import type { TakeOvers } from "./take-over.js";
import { requirePreconditions } from "./write-precondition.js";

export interface NetworkCopyComponents extends StorageComponents {
  readonly takeOvers: TakeOvers;
  readonly onWork: () => void;
  /** Absent without a chain. */
  readonly redundancy?: Redundancy | undefined;
}

/** CopyObject from the network bucket, where the file becomes the copy's own as it is. */
export class NetworkCopy {
  constructor(private readonly components: NetworkCopyComponents) {}

  /**
   * Whether the file becomes the copy's own. Not if the request or the bucket names an encryption that the file does not
   * have: then its bytes are to be read, and stored anew. The operator's default does not count, since the file's bytes are
   * on the network as they are. `fresh`: the encryption of a new object.
   */
  async takesOver(bucket: string, request: CopyRequest, file: CessFile, fresh: NewEncryption): Promise<boolean> {
    if (request.encryption) return false;
    const isNamed = (await this.components.catalog.documents.get(bucket, "encryption")) !== undefined;
    return !isNamed || isInterchangeable(file.format, fresh.format ?? PLAIN);
  }

  /**
   * The call's account becomes an owner of the file on chain: a declaration, and no bytes. Rejects as `TakeOvers.run`;
   * with PreconditionFailed, the errors of the territory, or ObjectUnavailable before anything is declared.
   */
  async run(
    call: BucketCall,
    key: string,
    members: Omit<VersionMembers, "etag">,
    request: CopyRequest,
    source: ObjectVersion,
    file: CessFile,
    fresh: NewEncryption,
  ): Promise<ObjectVersion> {
    const { catalog, staging, onWork, takeOvers } = this.components;
    const bucket = call.bucket.name;
    await requirePreconditions(catalog, bucket, key, request.preconditions);
    await this.requireAlive(source);
    const release = await this.admit(call, source, file);
    try {
      const { encryption } = await this.encryptionOf(file, fresh);
      const version = newVersion(call, key, { ...members, encryption, layout: "own-file", etag: source.etag });
      const written = await takeOvers.run(call.account, call.client.signal, file, { bucket, key }, async (row) => {
        const extents = [{ file: row, fid: file.fid, offset: 0, length: file.size }];
        return staging.commit([], () =>
          catalog.objects.put(version, { blobs: [], extents, copied: true }, request.preconditions),
        );
      });
      onWork();
      return written.version;
    } finally {
      release();
    }
  }

  /** Nobody should pay for a file that cannot be read any more. */
  private async requireAlive(source: ObjectVersion): Promise<void> {
    const { durability } = (await this.components.redundancy?.withRedundancy(source)) ?? source;
    if ((durability.redundancy ?? FRAGMENTS) >= DATA_FRAGMENTS) return;
    throw new S3Error("ObjectUnavailable", {
      message: `The network has lost the file: fewer than ${DATA_FRAGMENTS} of its ${FRAGMENTS} fragments are left.`,
      resource: source.key,
    });
  }

  /** An owner that the chain lists already is charged nothing. */
  private async admit(
    { account, waits }: BucketCall,
    { network }: ObjectVersion,
    { size, format }: CessFile,
  ): Promise<() => void> {
    if (network?.owners.some((owner) => owner.account === account.cessAccount) === true) return () => undefined;
    return this.components.quota.admit(account, size, format, "own-file", waits);
  }

  /** That of the bucket's default if it is the file's own; else the file's, whose cipher came with the request. */
  private async encryptionOf({ format }: CessFile, fresh: NewEncryption): Promise<NewEncryption> {
    if (format.name !== "cess-cbc") return {};
    return fresh.format && isInterchangeable(format, fresh.format)
      ? fresh
      : this.components.encryption.ofCipher(format.cipher);
  }
}

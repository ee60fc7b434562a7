import type { Catalog } from "../../catalog/catalog.js";
import type { Keys } from "../../keys/keys.js";
import type { DefaultEncryption } from "../../model/encryption.js";
import { S3Error } from "../s3-error.js";
import { permittedBucket } from "../access/access.js";
import type { BucketEncryption, Call } from "../gateway.js";
import type { ObjectEncryption } from "../objects/object-encryption.js";

export interface EncryptionServiceComponents {
  readonly catalog: Catalog;
  readonly keys: Keys;
  readonly encryption: ObjectEncryption;
}

/** Default encryption of buckets. */
export class EncryptionService implements BucketEncryption {
  constructor(private readonly components: EncryptionServiceComponents) {}

  async get(call: Call, bucket: string): Promise<DefaultEncryption> {
    const { catalog, encryption } = this.components;
    await permittedBucket(catalog, call, bucket);
    const found = await encryption.defaultOf(bucket);
    if (!found)
      throw new S3Error("ServerSideEncryptionConfigurationNotFoundError", {
        resource: bucket,
        fields: { BucketName: bucket },
      });
    return found;
  }

  async set(call: Call, bucket: string, encryption: DefaultEncryption): Promise<void> {
    const { catalog, keys } = this.components;
    await permittedBucket(catalog, call, bucket);
    // AWS lets a bucket name a KMS key that is not there yet; a cipher is ours, and a typing error is told at once.
    if (encryption.algorithm === "cess-cbc") keys.cipher(encryption.keyId ?? "");
    await catalog.configurations.put(bucket, "encryption", JSON.stringify(encryption));
  }

  async delete(call: Call, bucket: string): Promise<void> {
    await permittedBucket(this.components.catalog, call, bucket);
    await this.components.catalog.configurations.delete(bucket, "encryption");
  }
}

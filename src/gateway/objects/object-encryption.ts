import { randomBytes } from "node:crypto";
import type { Catalog } from "../../catalog/catalog.js";
import type { Keys, Wrapper } from "../../keys/keys.js";
import type { CustomerKey, DefaultEncryption, Encryption, EncryptionRequest } from "../../model/encryption.js";
import { S3Error } from "../s3-error.js";
import type { DataKey, SegmentFormat } from "../../model/file.js";

export const ENCRYPTION_DEFAULTS = {
  /** What objects get where neither their request nor their bucket says anything. */
  default: "none" as "none" | "AES256",
};
export type EncryptionSettings = typeof ENCRYPTION_DEFAULTS;

export interface EncryptionComponents {
  readonly catalog: Pick<Catalog, "documents" | "keyUses">;
  readonly keys: Keys;
}

/** How a new object is encrypted, and how its bytes become segments; neither, when it is not. */
export interface NewEncryption {
  readonly encryption?: Encryption;
  readonly format?: SegmentFormat;
}

/** The KMS key of requests that name none. */
const DEFAULT_KMS_KEY = "aws/s3";
const DATA_KEY_BYTES = 32;

/** Server-side encryption: which objects get it, and whose data keys can be had. */
export class ObjectEncryption {
  private readonly settings: EncryptionSettings;
  /** Keys whose use the catalog knows of. */
  private readonly recorded = new Set<string>();

  constructor(
    private readonly components: EncryptionComponents,
    settings: Partial<EncryptionSettings> = {},
  ) {
    this.settings = { ...ENCRYPTION_DEFAULTS, ...settings };
  }

  /** The bucket's own default, else the operator's; undefined where objects are stored as they come. */
  async defaultOf(bucket: string): Promise<DefaultEncryption | undefined> {
    const document = await this.components.catalog.documents.get(bucket, "encryption");
    if (document) return document;
    return this.settings.default === "AES256" ? { algorithm: "AES256" } : undefined;
  }

  /**
   * What a new object of the bucket gets by its request, else by default. KMS.NotFoundException; AccessDenied for a
   * customer's key where the bucket blocks these. `dataKey`: of the encrypted files that it shares with another object.
   */
  async forNew(bucket: string, request: EncryptionRequest | undefined, dataKey?: DataKey): Promise<NewEncryption> {
    const fallback = request?.algorithm === "AES256" ? undefined : await this.defaultOf(bucket);
    if (request?.algorithm === "customer" && fallback?.blocksCustomerKeys === true) {
      throw new S3Error("AccessDenied", {
        message: "The bucket's encryption configuration blocks server-side encryption with customer-provided keys.",
      });
    }
    const wanted = request ?? fallback;
    if (!wanted) return {};
    if (wanted.algorithm === "cess-cbc") return this.cipher(wanted.keyId ?? "");
    const key = dataKey ?? (randomBytes(DATA_KEY_BYTES).toString("hex") as DataKey);
    // A request that does not speak of bucket keys leaves that to the bucket, although it names its KMS key itself.
    const bucketKey = wanted.algorithm === "aws:kms" ? (wanted.bucketKey ?? fallback?.bucketKey) : undefined;
    const encryption = await this.wrap(wanted, key, bucketKey);
    return { encryption, format: { name: "aes-256-gcm", first: 0, key } };
  }

  /**
   * Whether a request brings the key that an object needs. InvalidRequest when the customer's key is missing, or given
   * for an object that has none; AccessDenied when it is not the one.
   */
  async requireKey(encryption: Encryption | undefined, customer: CustomerKey | undefined): Promise<void> {
    if (encryption?.algorithm === "customer" && !customer) {
      throw new S3Error("InvalidRequest", {
        message:
          "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
      });
    }
    if (customer && encryption?.algorithm !== "customer") {
      throw new S3Error("InvalidRequest", { message: "The encryption parameters are not applicable to this object." });
    }
    if (customer) await this.unwrap(encryption, customer);
  }

  /**
   * The data key of an object, for who may read it; undefined where there is none. Rejects as `requireKey`, and with
   * what a KMS key's server refuses.
   */
  async unlock(encryption: Encryption | undefined, customer: CustomerKey | undefined): Promise<DataKey | undefined> {
    await this.requireKey(encryption, customer);
    return this.unwrap(encryption, customer);
  }

  private async unwrap(
    encryption: Encryption | undefined,
    customer: CustomerKey | undefined,
  ): Promise<DataKey | undefined> {
    if (encryption?.wrapped === undefined) return undefined;
    const key = await this.components.keys.unwrap(
      encryption.wrapped,
      wrapperOf(encryption, customer),
      encryption.context ?? "",
    );
    if (key === undefined)
      throw new S3Error("AccessDenied", {
        message: "The encryption key is not the one that the object was stored with.",
      });
    return key as DataKey;
  }

  /** A part comes with the very key its upload was created with: InvalidRequest. */
  async requirePartKey(encryption: Encryption | undefined, customer: CustomerKey | undefined): Promise<void> {
    const wanted = encryption?.algorithm === "customer";
    if (wanted && !customer)
      throw partRefused(
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
      );
    if (customer && !wanted)
      throw partRefused(
        "The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.",
      );
    if (!customer || encryption?.wrapped === undefined) return;
    const key = await this.components.keys.unwrap(encryption.wrapped, wrapperOf(encryption, customer), "");
    if (key === undefined)
      throw partRefused("The provided encryption parameters did not match the ones used originally.");
  }

  private async wrap(
    wanted: EncryptionRequest | DefaultEncryption,
    key: DataKey,
    bucketKey: boolean | undefined,
  ): Promise<Encryption> {
    const { algorithm } = wanted as EncryptionRequest;
    const chosen: Encryption =
      wanted.algorithm === "aws:kms"
        ? {
            algorithm: "aws:kms",
            keyId: wanted.keyId ?? DEFAULT_KMS_KEY,
            ...("context" in wanted ? { context: wanted.context } : {}),
            ...(bucketKey === undefined ? {} : { bucketKey }),
          }
        : { algorithm };
    const wrapper = wrapperOf(chosen, "customer" in wanted ? wanted.customer : undefined);
    await this.recordUse(wrapper);
    return { ...chosen, wrapped: await this.components.keys.wrap(key, wrapper, chosen.context ?? "") };
  }

  private async cipher(keyId: string): Promise<NewEncryption> {
    const cipher = this.components.keys.cipher(keyId);
    await this.recordUse({ kind: "master" });
    return { encryption: { algorithm: "cess-cbc", keyId }, format: { name: "cess-cbc", cipher } };
  }

  /** Durable before the first row that the key is needed for. The master key seals every format while it is staged. */
  private async recordUse(wrapper: Wrapper): Promise<void> {
    const { keys, catalog } = this.components;
    for (const id of [keys.masterId, keys.idOf(wrapper)]) {
      if (id === undefined || this.recorded.has(id)) continue;
      await catalog.keyUses.record(id);
      this.recorded.add(id);
    }
  }
}

function wrapperOf({ algorithm, keyId = DEFAULT_KMS_KEY }: Encryption, customer: CustomerKey | undefined): Wrapper {
  if (algorithm === "aws:kms") return { kind: "kms", keyId };
  return algorithm === "customer" && customer ? { kind: "customer", key: customer.key } : { kind: "master" };
}

function partRefused(message: string): S3Error {
  return new S3Error("InvalidRequest", { message });
}

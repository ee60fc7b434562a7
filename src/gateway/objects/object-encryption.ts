import { randomBytes } from "node:crypto";
import type { Catalog } from "../../catalog/catalog.js";
import type { Keys, Wrapper } from "../../keys/keys.js";
import type { CustomerKey, DefaultEncryption, Encryption, EncryptionRequest } from "../../model/encryption.js";
import { S3Error } from "../s3-error.js";
import type { DataKey, SegmentFormat } from "../../model/file.js";
import { defined } from "../../model/defined.js";

export const ENCRYPTION_DEFAULTS = {
  /** Encryption of objects if neither their request nor their bucket names one. */
  default: "none" as "none" | "AES256",
};
export type EncryptionSettings = typeof ENCRYPTION_DEFAULTS;

export interface EncryptionComponents {
  readonly catalog: Pick<Catalog, "documents" | "keyUses">;
  readonly keys: Keys;
}

/** How a new object is encrypted, and how its bytes become segments. Both are absent if it is not encrypted. */
export interface NewEncryption {
  readonly encryption?: Encryption;
  readonly format?: SegmentFormat;
}

/** The KMS key of requests that name none. */
const DEFAULT_KMS_KEY = "aws/s3";
const DATA_KEY_BYTES = 32;

/** Server-side encryption: decides how new objects are encrypted, and unwraps data keys for reads. */
export class ObjectEncryption {
  private readonly settings: EncryptionSettings;
  /** Keys whose use is recorded in the catalog. */
  private readonly recorded = new Set<string>();

  constructor(
    private readonly components: EncryptionComponents,
    settings: Partial<EncryptionSettings> = {},
  ) {
    this.settings = { ...ENCRYPTION_DEFAULTS, ...settings };
  }

  /** The bucket's default encryption, else the operator's; undefined if objects are not encrypted by default. */
  async defaultOf(bucket: string): Promise<DefaultEncryption | undefined> {
    const document = await this.components.catalog.documents.get(bucket, "encryption");
    if (document) return document;
    return this.settings.default === "AES256" ? { algorithm: "AES256" } : undefined;
  }

  /**
   * The encryption of a new object: the requested one, else the bucket's default. KMS.NotFoundException; AccessDenied for
   * a customer's key if the bucket blocks them. `dataKey`: the data key of the encrypted files that a copy shares.
   */
  async forNew(bucket: string, request: EncryptionRequest | undefined, dataKey?: DataKey): Promise<NewEncryption> {
    if (request?.algorithm === "none") return {};
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
    // A request that names a KMS key but no bucket key setting gets the bucket's setting.
    const bucketKey = wanted.algorithm === "aws:kms" ? (wanted.bucketKey ?? fallback?.bucketKey) : undefined;
    const encryption = await this.wrap(wanted, key, bucketKey);
    return { encryption, format: { name: "aes-256-gcm", first: 0, key } };
  }

  /** Of a file that somebody encrypted in DeOSS's scheme. The catalog keeps its cipher, sealed. */
  async ofCipher(cipher: string): Promise<NewEncryption> {
    await this.recordUse({ kind: "master" });
    return { encryption: { algorithm: "cess-cbc" }, format: { name: "cess-cbc", cipher } };
  }

  /**
   * Checks the customer's key of a request. InvalidRequest if the key is missing, or is given for an object without one;
   * AccessDenied if it is the wrong key.
   */
  async requireKey(encryption: Encryption | undefined, customer: CustomerKey | undefined): Promise<void> {
    if (encryption?.algorithm === "customer" && !customer) {
      throw new S3Error("InvalidRequest", {
        message:
          "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
      });
    }
    if (customer && encryption?.algorithm !== "customer") {
      throw inapplicableKey();
    }
    if (customer) await this.unwrap(encryption, customer);
  }

  /**
   * The data key of an object that the requester may read; undefined if it has none. Rejects like `requireKey`, and with
   * the errors of the key server.
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
        message: "The encryption key does not match the one that the object was stored with.",
      });
    return key as DataKey;
  }

  /** InvalidRequest unless the part's customer key is the one that the upload was created with. */
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
    wanted: Exclude<EncryptionRequest, { readonly algorithm: "none" }> | DefaultEncryption,
    key: DataKey,
    bucketKey: boolean | undefined,
  ): Promise<Encryption> {
    const { algorithm } = wanted;
    const chosen: Encryption =
      wanted.algorithm === "aws:kms"
        ? defined({
            algorithm: "aws:kms",
            keyId: wanted.keyId ?? DEFAULT_KMS_KEY,
            context: "context" in wanted ? wanted.context : undefined,
            bucketKey,
          })
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

  /**
   * Records the use of a key before the first row that needs it. The master key is always recorded: it seals the format
   * of every staged object.
   */
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

/** InvalidRequest: a key or a cipher came for an object that is not encrypted with one. */
export function inapplicableKey(): S3Error {
  return new S3Error("InvalidRequest", { message: "The encryption parameters are not applicable to this object." });
}

function partRefused(message: string): S3Error {
  return new S3Error("InvalidRequest", { message });
}

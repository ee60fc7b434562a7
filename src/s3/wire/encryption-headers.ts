import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { CustomerCipher, CustomerKey, Encryption, EncryptionRequest } from "../../model/encryption.js";
import { S3Error } from "../../gateway/s3-error.js";
import { defined } from "../../model/defined.js";

const SSE = "x-amz-server-side-encryption";
const KEY_ID = `${SSE}-aws-kms-key-id`;
const CONTEXT = `${SSE}-context`;
const BUCKET_KEY = `${SSE}-bucket-key-enabled`;
const COPY_SOURCE = "x-amz-copy-source-server-side-encryption";
/** Of a customer's key; a cipher has at most as many. */
const KEY_BYTES = 32;
/** The algorithm of a cipher that is sent as a customer's key. */
const CESS_CBC = "cess-cbc";
/** A cipher in plain text, as DeOSS's clients send it. */
const CIPHER_HEADER = "cipher";
const MAX_CONTEXT = 8192;

/** The part of Headers needed here, so that a form's fields fit, too. */
export interface HeaderSource {
  get(name: string): string | undefined;
}

const invalid = (message: string, name: string, value?: string) =>
  new S3Error("InvalidArgument", {
    message,
    fields: { ArgumentName: name, ...(value === undefined ? {} : { ArgumentValue: value.slice(0, 200) }) },
  });

/**
 * The encryption that a write asks for; undefined where it names none, and the bucket's default applies.
 * InvalidArgument, NotImplemented.
 */
export function encryptionRequest(headers: HeaderSource): EncryptionRequest | undefined {
  const algorithm = headers.get(SSE);
  const customer = customerKey(headers);
  if (customer) {
    if (algorithm !== undefined)
      throw invalid(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        SSE,
        algorithm,
      );
    return { algorithm: "customer", customer };
  }
  if (algorithm !== "aws:kms") {
    for (const name of [KEY_ID, CONTEXT]) {
      const value = headers.get(name);
      if (value !== undefined)
        throw invalid(
          "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
          name,
        );
    }
  }
  switch (algorithm) {
    case undefined:
      return undefined;
    case "AES256":
      return { algorithm };
    case "aws:kms":
      return { algorithm, ...kmsSettings(headers) };
    case "aws:kms:dsse":
      throw new S3Error("NotImplemented", {
        message: "Dual-layer encryption (aws:kms:dsse) is not offered; use aws:kms or AES256.",
        fields: { Header: SSE },
      });
    default:
      throw invalid("The encryption method specified is not supported", SSE, algorithm);
  }
}

function kmsSettings(headers: HeaderSource): Omit<EncryptionRequest & { readonly algorithm: "aws:kms" }, "algorithm"> {
  const keyId = headers.get(KEY_ID);
  const context = headers.get(CONTEXT);
  const bucketKey = headers.get(BUCKET_KEY)?.toLowerCase();
  if (context !== undefined && !isContext(context)) {
    throw invalid(
      "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
      CONTEXT,
    );
  }
  if (bucketKey !== undefined && bucketKey !== "true" && bucketKey !== "false")
    throw invalid("The bucket key setting is true or false", BUCKET_KEY, bucketKey);
  return defined({
    keyId: keyId || undefined,
    context,
    bucketKey: bucketKey === undefined ? undefined : bucketKey === "true",
  });
}

function isContext(text: string): boolean {
  if (text.length > MAX_CONTEXT || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  try {
    const map: unknown = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    return (
      typeof map === "object" &&
      map !== null &&
      !Array.isArray(map) &&
      Object.values(map).every((value) => typeof value === "string")
    );
  } catch {
    return false;
  }
}

/** The customer's key in a write's encryption, if any. */
export function customerOf(request: EncryptionRequest | undefined): CustomerKey | undefined {
  return request?.algorithm === "customer" ? request.customer : undefined;
}

/** The customer's key in the headers, if any. InvalidArgument, InvalidEncryptionAlgorithmError. */
export function customerKey(headers: HeaderSource): CustomerKey | undefined {
  const sent = customerHeaders(headers, SSE);
  return sent && keyOf(sent, SSE);
}

/** What a read sends to have bytes decrypted: a customer's key, or the cipher of a file of the network. */
export interface ReadSecret {
  readonly customer?: CustomerKey;
  readonly cipher?: CustomerCipher;
}

/**
 * The customer's key, or a cipher, for the source of a copy. A cipher comes as customers' keys do, with the algorithm
 * `cess-cbc`, or plainly in the header `Cipher`, as DeOSS's clients send it. InvalidArgument,
 * InvalidEncryptionAlgorithmError.
 */
export function sourceSecret(headers: HeaderSource): {
  readonly sourceCustomer?: CustomerKey;
  readonly sourceCipher?: CustomerCipher;
} {
  const { customer, cipher } = secretIn(headers, COPY_SOURCE);
  return defined({ sourceCustomer: customer, sourceCipher: cipher });
}

function secretIn(headers: HeaderSource, prefix: string): ReadSecret {
  const sent = customerHeaders(headers, prefix);
  if (!sent) {
    const text = headers.get(CIPHER_HEADER);
    return text === undefined ? {} : { cipher: { text } };
  }
  if (sent.algorithm === CESS_CBC) {
    const bytes = secretOf(sent, prefix, (length) => length >= 1 && length <= KEY_BYTES);
    if (!isUtf8(bytes)) throw invalid("A cipher is text in UTF-8.", `${prefix}-customer-key`);
    return { cipher: { text: bytes.toString("utf8"), md5: sent.md5 } };
  }
  return { customer: keyOf(sent, prefix) };
}

interface CustomerHeaders {
  readonly algorithm: string;
  readonly key: string;
  readonly md5: string;
}

/** The three headers of a customer's key; all of them, or none. */
function customerHeaders(headers: HeaderSource, prefix: string): CustomerHeaders | undefined {
  const algorithm = headers.get(`${prefix}-customer-algorithm`);
  const key = headers.get(`${prefix}-customer-key`);
  const md5 = headers.get(`${prefix}-customer-key-md5`);
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  const incomplete = (what: string, name: string) =>
    invalid(
      `Requests specifying Server Side Encryption with Customer provided keys must provide ${what}.`,
      `${prefix}-customer-${name}`,
    );
  if (algorithm === undefined) throw incomplete("a valid encryption algorithm", "algorithm");
  if (key === undefined) throw incomplete("an appropriate secret key", "key");
  if (md5 === undefined) throw incomplete("the client calculated MD5 of the secret key", "key-MD5");
  return { algorithm, key, md5 };
}

function keyOf(sent: CustomerHeaders, prefix: string): CustomerKey {
  if (sent.algorithm !== "AES256") {
    throw new S3Error("InvalidEncryptionAlgorithmError", {
      fields: { ArgumentName: `${prefix}-customer-algorithm`, ArgumentValue: sent.algorithm.slice(0, 200) },
    });
  }
  return { key: secretOf(sent, prefix, (length) => length === KEY_BYTES), md5: sent.md5 };
}

/** The key's bytes, of a length that fits, checked against their MD5. Errors are logged: none has the key or its MD5. */
function secretOf({ key, md5 }: CustomerHeaders, prefix: string, fits: (length: number) => boolean): Buffer {
  const bytes = Buffer.from(key, "base64");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key) || !fits(bytes.length))
    throw invalid("The secret key was invalid for the specified algorithm.", `${prefix}-customer-key`);
  if (createHash("md5").update(bytes).digest("base64") !== md5) {
    throw invalid(
      "The calculated MD5 hash of the key did not match the hash that was provided.",
      `${prefix}-customer-key-MD5`,
    );
  }
  return bytes;
}

/**
 * Reads and parts send only a customer's key: the object or the upload itself says how it is encrypted. InvalidArgument
 * for other encryption headers.
 */
export function onlyCustomerKey(headers: HeaderSource): CustomerKey | undefined {
  refuseOtherEncryption(headers);
  return customerKey(headers);
}

/** The same for reads, which may send a cipher, too. */
export function onlyReadSecret(headers: HeaderSource): ReadSecret {
  refuseOtherEncryption(headers);
  return secretIn(headers, SSE);
}

function refuseOtherEncryption(headers: HeaderSource): void {
  for (const name of [SSE, KEY_ID, CONTEXT, BUCKET_KEY]) {
    const value = headers.get(name);
    if (value !== undefined) throw invalid(`${name} header is not supported for this operation.`, name, value);
  }
}

/** How an object is encrypted, for its answer. `customer` is the key in the request. */
export interface EncryptionMembers {
  readonly encryption?: Encryption | undefined;
  readonly customer?: CustomerKey | undefined;
  /** The cipher in the request, which has decrypted a file of the network. */
  readonly cipher?: CustomerCipher | undefined;
}

/** The headers that say how an object is encrypted, and with which customer's key. */
export function encryptionAnswer({
  encryption,
  customer,
  cipher,
}: EncryptionMembers): Record<string, string | undefined> {
  if (cipher?.md5 !== undefined)
    return { [`${SSE}-customer-algorithm`]: CESS_CBC, [`${SSE}-customer-key-MD5`]: cipher.md5 };
  if (!encryption) return {};
  const { algorithm, keyId, context, bucketKey } = encryption;
  if (algorithm === "customer") {
    return { [`${SSE}-customer-algorithm`]: "AES256", [`${SSE}-customer-key-MD5`]: customer?.md5 };
  }
  return {
    [SSE]: algorithm,
    [KEY_ID]: keyId,
    [CONTEXT]: context,
    [BUCKET_KEY]: bucketKey === true ? "true" : undefined,
  };
}

import { DomainError } from "./errors.js";

/**
 * How an object is encrypted, as the catalog stores it; nothing here is secret. `AES256`, `aws:kms` and `customer`
 * (SSE-C) differ in the key that wraps the object's data key. `cess-cbc` is DeOSS's scheme, whose cipher is stored with
 * the files.
 */
export interface Encryption {
  readonly algorithm: EncryptionAlgorithm;
  /** The name of the KMS key, or of the cipher. */
  readonly keyId?: string;
  /** x-amz-server-side-encryption-context as it was sent. The data key is bound to it. */
  readonly context?: string;
  readonly bucketKey?: boolean;
  /** The data key, wrapped by the master key, the KMS key or the customer's key. */
  readonly wrapped?: string;
}

export type EncryptionAlgorithm = "AES256" | "aws:kms" | "customer" | "cess-cbc";

/** The key a client brings with a request. It is never stored and never logged. */
export interface CustomerKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** As it was sent, in base64, for answers. */
  readonly md5: string;
}

/**
 * The text of `cess-cbc` that a client brings, to read a file that was encrypted with it. Reads never store it, and it is
 * never logged.
 */
export interface CustomerCipher {
  /** 1 to 32 bytes of UTF-8. */
  readonly text: string;
  /** Its MD5 as it was sent, in base64, for answers; absent if the text came in the header `Cipher`. */
  readonly md5?: string;
}

/** Encryption that the headers of a write ask for. */
export type EncryptionRequest =
  /** Not encrypted, whatever the defaults say. No S3 request can ask for it. */
  | { readonly algorithm: "none" }
  | { readonly algorithm: "AES256" }
  | { readonly algorithm: "aws:kms"; readonly keyId?: string; readonly context?: string; readonly bucketKey?: boolean }
  | { readonly algorithm: "customer"; readonly customer: CustomerKey };

/** A bucket's default encryption, for writes that ask for none. */
export interface DefaultEncryption {
  readonly algorithm: "AES256" | "aws:kms" | "cess-cbc";
  readonly keyId?: string;
  readonly bucketKey?: boolean;
  /** Refuses writes with a customer's key. */
  readonly blocksCustomerKeys?: boolean;
}

/** The name of a KMS key that is given as a name, an alias, or an ARN of either. */
export function kmsKeyName(keyId: string): string {
  return keyId.replace(/^arn:[^/]*:(?:key\/|alias\/)?/, "").replace(/^alias\//, "");
}

export function noKmsKey(keyId: string): DomainError {
  const id = keyId.slice(0, 200);
  return new DomainError({ kind: "noKmsKey", keyId: id }, `Key '${id}' does not exist`);
}

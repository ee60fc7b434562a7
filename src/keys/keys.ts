import type { Sealer } from "../model/sealer.js";

/** What keys wrap with here: the master key, a KMS key by its name, or a key that a client brought. */
export type Wrapper =
  | { readonly kind: "master" }
  | { readonly kind: "kms"; readonly keyId: string }
  | { readonly kind: "customer"; readonly key: Uint8Array };

/**
 * Named keys that never leave the server that has them. Rejects with DomainError `noKmsKey`, `kmsKeyDisabled`,
 * `kmsKeyUnsuitable`, `kmsKeyForbidden`, or `dependencyUnavailable`, which passes; with Error when the key did not wrap
 * this, or not for this purpose.
 */
export interface KeyServer {
  /** The result begins with `vault:`. */
  wrap(secret: string, keyName: string, purpose: string): Promise<string>;
  unwrap(wrapped: string, keyName: string, purpose: string): Promise<string>;
  close(): Promise<void>;
}

/** The gateway's key material. The catalog keeps only what was wrapped by it. */
export interface Keys extends Sealer {
  /** The id of the master key that seals now. */
  readonly masterId: string;
  /** Whether the key of this id, a master key or a KMS key, is here or where it can be asked. */
  has(id: string): boolean;
  /**
   * DomainError `noKmsKey` for a KMS key that is not here, and what a KeyServer refuses. `context` is bound in.
   */
  wrap(secret: string, wrapper: Wrapper, context: string): Promise<string>;
  /**
   * Undefined for a customer's key that did not wrap it. DomainError `noKmsKey` for a KMS key that is not here
   * any more, or what a KeyServer refuses; Error for a master key that is not, or when what was wrapped was changed.
   */
  unwrap(wrapped: string, wrapper: Wrapper, context: string): Promise<string | undefined>;
  /** The id of the key that a wrapper wraps with now; undefined for a customer's. DomainError `noKmsKey`. */
  idOf(wrapper: Wrapper): string | undefined;
  /** The text of a `cess-cbc` cipher by its name. DomainError `noKmsKey`. */
  cipher(name: string): string;
}

import type { Sealer } from "../model/sealer.js";

/** The key that wraps a secret: the master key, a KMS key by its name, or a key that came with the request (SSE-C). */
export type Wrapper =
  | { readonly kind: "master" }
  | { readonly kind: "kms"; readonly keyId: string }
  | { readonly kind: "customer"; readonly key: Uint8Array };

/**
 * Named keys that never leave the key server. Rejects with DomainError `noKmsKey`, `kmsKeyDisabled`,
 * `kmsKeyUnsuitable`, `kmsKeyForbidden`, or `dependencyUnavailable`, which is temporary; with Error when the key did
 * not wrap this secret, or not for this purpose.
 */
export interface KeyServer {
  /** The result begins with `vault:`. */
  wrap(secret: string, keyName: string, purpose: string): Promise<string>;
  unwrap(wrapped: string, keyName: string, purpose: string): Promise<string>;
  close(): Promise<void>;
}

/** The gateway's keys. The catalog holds only secrets that they have wrapped. */
export interface Keys extends Sealer {
  /** The id of the current master key. */
  readonly masterId: string;
  /**
   * Keys of 32 bytes for another purpose: one from each master key, the current one's first. They say nothing of the
   * master keys, nor of each other.
   */
  derive(purpose: string): readonly Uint8Array[];
  /** Whether the master key or KMS key of this id is in memory, or can be asked of the key server. */
  has(id: string): boolean;
  /**
   * `context` is authenticated. Rejects with DomainError `noKmsKey` for an unknown KMS key, and as a KeyServer does.
   */
  wrap(secret: string, wrapper: Wrapper, context: string): Promise<string>;
  /**
   * Undefined for a customer's key that did not wrap this. Rejects with DomainError `noKmsKey` for a KMS key that does
   * not exist any more, and as a KeyServer does; with Error when the master key is missing or the wrapped text was
   * changed.
   */
  unwrap(wrapped: string, wrapper: Wrapper, context: string): Promise<string | undefined>;
  /** The id of the key that this wrapper uses now; undefined for a customer's key. Throws DomainError `noKmsKey`. */
  idOf(wrapper: Wrapper): string | undefined;
  /** The text of a `cess-cbc` cipher by its name. Throws DomainError `noKmsKey`. */
  cipher(name: string): string;
}

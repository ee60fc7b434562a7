import type { Sealer } from "../model/sealer.js";

/** What keys wrap with here: the master key, a KMS key by its name, or a key that a client brought. */
export type Wrapper =
  | { readonly kind: "master" }
  | { readonly kind: "kms"; readonly keyId: string }
  | { readonly kind: "customer"; readonly key: Uint8Array };

/** The gateway's key material. The catalog keeps only what was wrapped by it. */
export interface Keys extends Sealer {
  /** The id of the master key that seals now. */
  readonly masterId: string;
  /** Ids of all master keys and KMS keys that are here. */
  readonly ids: ReadonlySet<string>;
  /** S3Error KMS.NotFoundException for a KMS key that is not here. `context` is bound in. */
  wrap(secret: string, wrapper: Wrapper, context: string): string;
  /**
   * Undefined for a customer's key that did not wrap it. S3Error KMS.NotFoundException for a KMS key that is not here
   * any more; Error for a master key that is not, or when what was wrapped was changed.
   */
  unwrap(wrapped: string, wrapper: Wrapper, context: string): string | undefined;
  /** The id of the key that a wrapper wraps with now; undefined for a customer's. S3Error KMS.NotFoundException. */
  idOf(wrapper: Wrapper): string | undefined;
  /** The text of a `cess-cbc` cipher by its name. S3Error KMS.NotFoundException. */
  cipher(name: string): string;
}

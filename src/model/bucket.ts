import { DomainError } from "./errors.js";

/** Undefined (no versions) until the owner sets it for the first time. It can be suspended, but not removed. */
export type Versioning = "Enabled" | "Suspended";

export interface Bucket {
  readonly name: string;
  /** Account.id of the owner. */
  readonly owner: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly versioning?: Versioning;
}

/** Account.id of the owner of the bucket of all files on the network: no public key is zero, so no account has it. */
export const NETWORK_OWNER = "0".repeat(64);

export function isNetworkBucket({ owner }: Pick<Bucket, "owner">): boolean {
  return owner === NETWORK_OWNER;
}

export function noBucket(bucket: string): DomainError {
  return new DomainError({ kind: "noBucket", bucket }, `There is no bucket ${bucket}.`);
}

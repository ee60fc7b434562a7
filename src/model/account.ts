import type { Policy } from "./policy.js";
import type { Quota } from "./quota.js";

/** An SS58 address on the CESS chain (prefix 11330, so it begins with `c`). */
export type CessAccount = string & { readonly __brand: "CessAccount" };

/** An S3 account, which owns buckets, with the CESS account and the territory that its objects are charged to. */
export interface Account {
  /** S3's canonical user ID: 64 hex digits. */
  readonly id: string;
  readonly displayName: string;
  readonly cessAccount: CessAccount;
  /** The territory on chain that new objects are charged to. */
  readonly territory: string;
  /** May read any file on the network by its FID. */
  readonly readsNetwork?: boolean;
  /** Limits of what the account's buckets may hold together. */
  readonly quota?: Quota;
  /** The account was disabled: none of its keys is accepted, and nothing more is charged to it. */
  readonly disabled?: true;
}

/** Restrictions of one access key. An absent member restricts nothing. */
export interface KeyLimits {
  /** Names of buckets, with `*` and `?`. */
  readonly buckets?: readonly string[];
  /** Prefixes of keys: only objects under them, and listings of them, are allowed. */
  readonly prefixes?: readonly string[];
  readonly permission?: "read" | "write" | "read-write";
  /** Milliseconds since 1970: from then on the access key counts as unknown. */
  readonly expiresAt?: number;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: Account;
  readonly limits?: KeyLimits;
  /** Identity and session policies: each of them must allow what is done with the key. */
  readonly policies?: readonly Policy[];
  /** Present for temporary credentials. */
  readonly session?: Session;
}

/** What is known of temporary credentials beside their key. */
export interface Session {
  /** As the client named it: 2 to 64 characters. */
  readonly name: string;
  /** The permanent access key that the session came from; or the identity provider. */
  readonly parent?: string;
  readonly issuer?: string;
  /** Texts of the session's own policies. */
  readonly policies: readonly string[];
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The requester without a signature. It owns nothing and pays for nothing. AWS shows the same ID for it. */
export const ANONYMOUS: Account = {
  id: "65a011a29cdf8ec533ec3d1ccaae921c",
  displayName: "anonymous",
  cessAccount: "" as CessAccount,
  territory: "",
};

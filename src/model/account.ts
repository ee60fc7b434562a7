/** An SS58 address on the CESS chain (prefix 11330, so it begins with `c`). */
export type CessAccount = string & { readonly __brand: "CessAccount" };

/** One S3 account: who owns buckets, and the CESS account and territory its objects are charged to. */
export interface Account {
  /** S3's canonical user ID: 64 hex digits. */
  readonly id: string;
  readonly displayName: string;
  readonly cessAccount: CessAccount;
  /** The territory on chain that new objects are charged to. */
  readonly territory: string;
  /** May read any file on the network by its FID. */
  readonly readsNetwork?: boolean;
}

/** What one access key may do of what its account may. Absent: all of it. */
export interface KeyLimits {
  /** Names of buckets, with `*` and `?`. */
  readonly buckets?: readonly string[];
  /** Beginnings of keys: only objects under them, and listings of them. */
  readonly prefixes?: readonly string[];
  readonly permission?: "read" | "write" | "read-write";
  /** Milliseconds since 1970: from then on the key is as if it did not exist. */
  readonly expiresAt?: number;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: Account;
  readonly limits?: KeyLimits;
}

/** Who asks without a signature: it owns nothing and pays for nothing. The ID is the one AWS shows for it. */
export const ANONYMOUS: Account = {
  id: "65a011a29cdf8ec533ec3d1ccaae921c",
  displayName: "anonymous",
  cessAccount: "" as CessAccount,
  territory: "",
};

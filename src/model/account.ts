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

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: Account;
}

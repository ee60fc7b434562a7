import type { CessAccount, KeyLimits } from "../../model/account.js";
import type { Quota } from "../../model/quota.js";

/** An account that an operator has added beside those of the configuration. */
export interface StoredAccount {
  /** S3's canonical user ID: 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly cessAccount: CessAccount;
  readonly territory: string;
  readonly readsNetwork: boolean;
  readonly createdAt: number;
  /** Undefined: it is not disabled. */
  readonly disabledAt?: number;
  readonly quota: Quota;
}

/** An access key beside those of the configuration; its account may be one of the configuration. */
export interface StoredKey {
  readonly accessKeyId: string;
  /** Account.id. */
  readonly account: string;
  /** The secret, sealed under the master key. */
  readonly sealedSecret: string;
  readonly limits?: KeyLimits;
  /** Text of an identity policy. */
  readonly policy?: string;
  readonly createdAt: number;
}

export interface IdentityCatalog {
  /** All accounts, by name. */
  accounts(): Promise<StoredAccount[]>;
  /** False, and nothing is written, where the name or the id is taken by another one. */
  addAccount(account: Omit<StoredAccount, "createdAt" | "disabledAt">): Promise<boolean>;
  /** Keeps the time of the first of several calls. False for an account that is not here. */
  disableAccount(id: string): Promise<boolean>;
  enableAccount(id: string): Promise<boolean>;
  setAccountQuota(id: string, quota: Quota): Promise<boolean>;
  /** With its keys. False for an account that is not here. */
  removeAccount(id: string): Promise<boolean>;
  /** All keys, by id. */
  keys(): Promise<StoredKey[]>;
  key(accessKeyId: string): Promise<StoredKey | undefined>;
  /** False, and nothing is written, where the id is taken. */
  addKey(key: Omit<StoredKey, "createdAt">): Promise<boolean>;
  /** False for a key that is not here. */
  removeKey(accessKeyId: string): Promise<boolean>;
}

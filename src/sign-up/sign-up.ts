import type { CessAccount } from "../model/account.js";
import type { ProxyAuthorizer } from "../network/chain/proxy-authorization.js";

/** What sign-up needs of the chain. All reject with ChainUnavailable. */
export interface SignUpChain extends ProxyAuthorizer {
  /** `0x` and 64 hex digits. */
  genesis(): Promise<string>;
  /** All territories of an account. */
  territories(owner: CessAccount): Promise<readonly { readonly name: string; readonly state: string }[]>;
}

/** An S3 account that a CESS account has here. */
export interface KnownAccount {
  readonly territory: string;
  readonly disabled: boolean;
  /** It was made by sign-up. Any other is the operator's to give keys of. */
  readonly signedUp: boolean;
}

export interface IssuedKey {
  readonly accessKeyId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601; absent: it does not end by itself. */
  readonly expires?: string;
}

/** Accounts and keys that are made while the gateway runs. */
export interface SignUpIdentities {
  /**
   * Does the work while no other gateway does work of this name, with accounts as new as that. Rejects with SignUpRefusal
   * when another one does.
   */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  find(account: CessAccount): KnownAccount | undefined;
  /** How many accounts sign-up has made. */
  count(): number;
  add(account: CessAccount, territory: string): Promise<void>;
  /** Keys of an account that sign-up has made, with those that are over. */
  keys(account: CessAccount): Promise<readonly IssuedKey[]>;
  /** `expiresAt`: milliseconds since 1970. */
  createKey(
    account: CessAccount,
    expiresAt: number | undefined,
  ): Promise<IssuedKey & { readonly secretAccessKey: string }>;
  /** Whether there was such a key. */
  revokeKey(accessKeyId: string): Promise<boolean>;
}

export interface SignUpSettings {
  /** Name of the territory that keys are for, or a pattern with `*` and `?`. */
  readonly territory: string;
  /** URL of the S3 listener, as clients reach it. */
  readonly endpoint: () => string;
  readonly region: string;
  /** Accounts that sign-up makes, at most. */
  readonly maxAccounts: number;
  /** Keys that one account has at a time. */
  readonly maxKeys: number;
  /** Days until a key ends; 0: it does not end by itself. */
  readonly keyDays: number;
  /** Authorizations that the gateway pays for in 24 hours; 0: none. */
  readonly authorizationsPerDay: number;
}

/** Where acts are recorded, as in AuditLog. */
export interface SignUpRecord {
  record(act: {
    readonly act: string;
    readonly by: string;
    readonly subject: string;
    readonly result: string;
    readonly made?: string;
    readonly details?: unknown;
  }): Promise<void>;
}

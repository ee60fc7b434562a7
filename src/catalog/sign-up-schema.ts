import type { Generated } from "kysely";

/* What sign-up remembers. Times are as in `Schema`. */

/** Challenges of sign-up that a wallet has signed. */
export interface UsedChallengeTable {
  nonce: string;
  expires_at: number;
}

/** Authorizations that the gateway paid for. */
export interface PaidAuthorizationTable {
  id: Generated<number>;
  /** SS58 address. */
  account: string;
  paid_at: number;
}

import type { CessAccount } from "../../model/account.js";

/** How many authorizations may be paid for since a time, ms since 1970: of all accounts, and of one. */
export interface AuthorizationBudget {
  readonly since: number;
  readonly all: number;
  readonly perAccount: number;
}

/** What sign-up must not forget when the gateway is restarted. */
export interface SignUpCatalog {
  /**
   * Records that a challenge was used. False where it was used before. It is remembered until a day after `expiresAt`, ms
   * since 1970: a clock that goes back must not bring it back.
   */
  useChallenge(nonce: string, expiresAt: number): Promise<boolean>;
  /** Records that the gateway pays for an authorization; false, and nothing is recorded, where the budget is used up. */
  payAuthorization(account: CessAccount, budget: AuthorizationBudget): Promise<boolean>;
  /** Takes the account's last record back: nothing was paid. */
  returnAuthorization(account: CessAccount): Promise<void>;
}

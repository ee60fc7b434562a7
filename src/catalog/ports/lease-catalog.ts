import type { LeaseEvent } from "../../model/lease.js";

/** One notice of one end: of the days that are left only the fewest count. */
export interface LeaseNotice {
  readonly cessAccount: string;
  readonly territory: string;
  /** The block at which it ends. Another one is another end. */
  readonly deadline: number;
  /** Days before the end that it is about. */
  readonly days: number;
}

export interface LeasePurchase {
  readonly kind: "renew" | "expand";
  readonly cessAccount: string;
  readonly territory: string;
  /** In the token's smallest units. */
  readonly amount: bigint;
  /** What the purchase changes, as it was: the deadline of a renewal, the size of an expansion. */
  readonly before: bigint;
}

export interface LeaseSpend extends LeasePurchase {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Absent until it was signed, and then what may still be included. */
  readonly signed?: { readonly nonce: number; readonly untilBlock: number };
  /** False while its outcome is not known. */
  readonly ended: boolean;
}

/** What this gateway told of territories that end, and what it spent on them. */
export interface LeaseCatalog {
  /**
   * Records a notice, and its event for the webhook in the same transaction. False when this one, or one of fewer days,
   * was recorded for this end.
   */
  notice(notice: LeaseNotice, outbox?: { readonly webhook: string; readonly event: LeaseEvent }): Promise<boolean>;
  /** Plans a purchase: it counts as spent until `dropSpend`. Returns its id. */
  planSpend(purchase: LeasePurchase): Promise<string>;
  /** Saved before the signed call leaves this process. */
  signSpend(id: string, signed: NonNullable<LeaseSpend["signed"]>): Promise<void>;
  /** It happened, for this amount. */
  endSpend(id: string, amount: bigint): Promise<void>;
  /** It did not happen. */
  dropSpend(id: string): Promise<void>;
  /** Those since a time, and all whose outcome is not known, oldest first. */
  spends(since: number): Promise<readonly LeaseSpend[]>;
}

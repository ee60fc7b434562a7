/** Days before the end of a territory at which its operator is told; 0: it has ended, and is frozen. */
export const LEASE_NOTICE_DAYS = [30, 7, 1, 0] as const;

/** The name of the event that a webhook gets of a territory which ends. */
export const LEASE_EVENT = "cess:TerritoryEnding";

/** A territory that ends, as it waits for the operator's webhook. */
export interface LeaseEvent {
  readonly event: typeof LEASE_EVENT;
  /** The S3 account's name. */
  readonly account: string;
  readonly cessAccount: string;
  readonly territory: string;
  /** As on chain: `active`, `frozen`, `expired` or `on-consignment`. */
  readonly state: string;
  /** One of LEASE_NOTICE_DAYS. */
  readonly days: number;
  /** When it ends, by the chain's block time. Milliseconds since 1970. */
  readonly endsAt: number;
}

/** What happens to a request that keeps an object for longer than its territory is paid for. */
export const outlivePolicies = ["refuse", "warn", "allow"] as const;
export type OutlivePolicy = (typeof outlivePolicies)[number];

/** The largest budget that a setting takes, in tokens: its smallest units are still counted exactly. */
export const MAX_BUDGET_TOKENS = 1_000_000_000;

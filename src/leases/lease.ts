import type { Account } from "../model/account.js";
import type { Territory } from "../network/chain/chain.js";

/** The territory that an account pays with, as it was last read. */
export interface Lease extends Territory {
  /** S3's canonical ID of the account, and its name. */
  readonly owner: string;
  readonly account: string;
  readonly cessAccount: Account["cessAccount"];
  readonly name: string;
  /** When it ends or has ended, by the chain's block time. Milliseconds since 1970. */
  readonly endsAt: number;
}

/** A territory by its place on chain: several accounts may pay with one. */
export function leaseKey({ cessAccount, name }: Pick<Lease, "cessAccount" | "name">): string {
  return `${cessAccount}/${name}`;
}

import type { CessAccount } from "../model/account.js";
import type { Facts } from "./background-process.js";

/** The last facts that the background process told. Before the first, nothing is known and nothing is destroyed. */
export class KnownFacts {
  private facts: Facts | undefined;
  private isOld = true;

  learn(facts: Facts): void {
    this.facts = facts;
    this.isOld = false;
  }

  /** The background process is away: what it said of itself does not hold any more. */
  outdate(): void {
    this.isOld = true;
  }

  get account(): CessAccount {
    return this.facts?.account ?? ("" as CessAccount);
  }

  get connected(): boolean {
    return !this.isOld && this.facts?.connected === true;
  }

  get keepRemoved(): boolean {
    return this.facts?.keepRemoved ?? true;
  }

  readonly paidUntil = (owner: string): number | undefined => this.facts?.paidUntil.get(owner);
}

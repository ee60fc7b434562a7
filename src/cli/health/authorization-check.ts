import type { HealthCheck } from "../../admin/health.js";
import type { Progress, Worker } from "../../background/worker.js";
import type { Account, CessAccount } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { ChainUnavailable, type Chain } from "../../network/chain/chain.js";

/** Between two readings of all accounts, ms. Changes that the chain tells of are read at once. */
const INTERVAL_MS = 300_000;
/** After a reading that the chain did not answer, ms. */
const RETRY_MS = 10_000;
/** Names in a message, at most. */
const NAMED = 5;

export interface AuthorizationCheckComponents {
  readonly chain: Pick<Chain, "account" | "authorized" | "connected">;
  readonly accounts: { readonly all: readonly Account[] };
  readonly clock: Clock;
}

/**
 * Whether the accounts let this gateway act for them on the chain. It is ready as long as one does: a load balancer must
 * not drop it because of another.
 */
export class AuthorizationCheck implements HealthCheck, Worker {
  readonly name = "authorization";
  /** By CESS account; those that were read. */
  private readonly read = new Map<CessAccount, boolean>();

  constructor(private readonly components: AuthorizationCheckComponents) {}

  async step(signal: AbortSignal): Promise<Progress> {
    const { chain, accounts, clock } = this.components;
    if (!chain.connected) return { kind: "idle", until: clock.now() + RETRY_MS / 10 };
    try {
      for (const cessAccount of new Set(accounts.all.map((account) => account.cessAccount))) {
        signal.throwIfAborted();
        this.read.set(cessAccount, await chain.authorized(cessAccount));
      }
    } catch (error) {
      // The check of the chain says so.
      if (!(error instanceof ChainUnavailable)) throw error;
      return { kind: "idle", until: clock.now() + RETRY_MS };
    }
    return { kind: "idle", until: clock.now() + INTERVAL_MS };
  }

  /** By account name, 1 or 0; those that were read. */
  metrics(): Record<string, number> {
    return Object.fromEntries(this.states().map(({ name, authorized }) => [name, Number(authorized)]));
  }

  reason(): string | undefined {
    const states = this.states();
    if (states.length === 0 || states.some(({ authorized }) => authorized)) return undefined;
    return this.text("none of the accounts has");
  }

  warning(): string | undefined {
    const missing = this.states().flatMap(({ name, authorized }) => (authorized ? [] : [name]));
    if (missing.length === 0 || this.reason() !== undefined) return undefined;
    const others = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
    const names = missing.slice(0, NAMED).join(", ");
    return this.text(missing.length === 1 ? `account ${names} has not` : `accounts ${names}${others} have not`);
  }

  private text(who: string): string {
    return (
      `${who} authorized this gateway on the chain, so their objects are refused: ` +
      `the owner calls oss.authorize with ${this.components.chain.account}`
    );
  }

  private states(): { readonly name: string; readonly authorized: boolean }[] {
    return this.components.accounts.all.flatMap(({ displayName: name, cessAccount }) => {
      const authorized = this.read.get(cessAccount);
      return authorized === undefined ? [] : [{ name, authorized }];
    });
  }
}

import type { Logger } from "pino";
import type { Account } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import type { CessChain } from "../../network/chain/chain-client.js";
import type { ChainSession } from "../../network/chain/chain-session.js";
import type { Finding } from "../doctor/finding.js";
import { balance, territories } from "../doctor/owners.js";

/** One endpoint's trouble is logged again after so long, while it lasts, ms … */
const AGAIN_MS = 10 * 60_000;
/** … and when it was used meanwhile, after this. */
const AFTER_USE_MS = 60_000;

export interface ChainWarningsComponents {
  readonly session: Pick<ChainSession, "connection">;
  readonly chain: CessChain;
  readonly accounts: () => readonly Account[];
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn">;
}

/**
 * Warnings that a start must not wait for. Endpoints that cannot be used are told of at once, and then seldom. When the
 * chain answers for the first time, it is asked for what would keep objects from being stored and is no matter of
 * readiness: territories that are not there or end soon, no tokens for fees.
 */
export class ChainWarnings {
  private readonly logged = new Map<string, number>();
  private usedAt = -Infinity;
  private looked = false;

  private constructor(
    private readonly components: ChainWarningsComponents,
    private readonly settings: { readonly blockMs: number },
  ) {}

  /** They end when the session is closed. */
  static start(components: ChainWarningsComponents, settings: { readonly blockMs: number }): void {
    const warnings = new ChainWarnings(components, settings);
    const { connection } = components.session;
    connection.onTrouble((endpoint, why) => warnings.trouble(endpoint, why));
    connection.onLink(() => {
      warnings.usedAt = components.clock.now();
      void warnings.look();
    });
  }

  private trouble(endpoint: string, why: string): void {
    const { clock, log } = this.components;
    const now = clock.now();
    const last = this.logged.get(endpoint) ?? -Infinity;
    if (now - last < (this.usedAt > last ? AFTER_USE_MS : AGAIN_MS)) return;
    this.logged.set(endpoint, now);
    log.warn({ reason: why }, "a chain endpoint cannot be used; it is tried again: cess-s3 doctor says more");
  }

  private async look(): Promise<void> {
    if (this.looked) return;
    this.looked = true;
    try {
      for (const { check, level, message, remedy } of await this.findings())
        if (level !== "ok") this.components.log.warn({ check, remedy }, message);
    } catch {
      // The chain went away: with the next link.
      this.looked = false;
    }
  }

  private async findings(): Promise<Finding[]> {
    const { chain, accounts } = this.components;
    const [tokens, found] = await Promise.all([
      chain.feeBalance(),
      territories(chain, accounts(), this.settings.blockMs),
    ]);
    return [balance(chain.account, tokens), ...found];
  }
}

import type { Logger } from "pino";
import { onAbort } from "../../async/abort.js";
import type { Account } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import type { Lease } from "../../leases/lease.js";
import type { CessChain } from "../../network/chain/chain-client.js";
import type { ChainSession } from "../../network/chain/chain-session.js";

/** Between two looks at balance and territories, ms: each is a call of the chain. */
const REFRESH_MS = 60_000;
/** Accounts whose territories are looked at. Those of further ones are not shown. */
const MAX_ACCOUNTS = 1_000;

export interface ChainStatusComponents {
  readonly session: ChainSession;
  readonly chain: CessChain;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Whose territories are looked at. */
  readonly accounts: () => readonly Account[];
  /** Called when all was read anew. */
  readonly onRead?: () => void;
}

export interface TerritoryStatus extends Lease {
  /** Seconds until it freezes, by the chain's block time; 0 when it has. */
  readonly secondsLeft: number;
}

/**
 * What the log, metrics and the admin listener show of the chain: remembered here and brought up to date in the
 * background, so that showing it waits for nobody.
 */
export class ChainStatus {
  /** Links that were opened, and those of them that lead to another endpoint than the one before. */
  readonly counts = { links: 0, failovers: 0 };
  /** The signing account's, in tokens; undefined until it was read. */
  balance: number | undefined;
  territories: readonly TerritoryStatus[] = [];
  /** By Account.id. */
  private ends: ReadonlyMap<string, number> = new Map();
  private endpoint: string | undefined;
  private block: { readonly number: number; readonly at: number } | undefined;
  private readonly stops: (() => void)[];
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly components: ChainStatusComponents,
    private readonly settings: { readonly blockMs: number },
  ) {
    const { session, clock } = components;
    const timer = setInterval(() => this.refresh(), REFRESH_MS);
    timer.unref();
    this.stops = [
      () => clearInterval(timer),
      session.blocks.watch({
        onBlock: ({ number }) => {
          this.block = { number, at: clock.now() };
          return Promise.resolve();
        },
        onGap: () => Promise.resolve(),
      }),
      session.connection.onLink((link) => this.linked(link)),
    ];
  }

  /** The last final block that was seen; undefined before the first. */
  get height(): number | undefined {
    return this.block?.number;
  }

  /** Seconds since then. */
  get blockAge(): number | undefined {
    return this.block && Math.max(0, this.components.clock.now() - this.block.at) / 1000;
  }

  /** The host that answers, or answered last. Its path and query may hold a secret. */
  get host(): string | undefined {
    return this.endpoint;
  }

  /** Until when accounts' space is paid for, by Account.id, in ms since 1970; another map when it was read anew. */
  get allPaidUntil(): ReadonlyMap<string, number> {
    return this.ends;
  }

  /** Until when an account's space is paid for: ms since 1970; undefined where it was not read yet. */
  readonly paidUntil = (owner: string): number | undefined => this.ends.get(owner);

  /** A look that is under way ends when the session is closed. */
  close(): void {
    for (const stop of this.stops) stop();
  }

  private linked(link: { readonly endpoint: string; readonly down: AbortSignal }): void {
    const { log, session, clock } = this.components;
    const endpoint = new URL(link.endpoint).host;
    this.counts.links++;
    if (this.endpoint !== undefined && this.endpoint !== endpoint) this.counts.failovers++;
    this.endpoint = endpoint;
    log.info({ endpoint }, "connected to the chain");
    const since = clock.now();
    onAbort(link.down, ({ message: reason }) => {
      if (session.connection.closing.aborted) return;
      const connectedSeconds = Math.round((clock.now() - since) / 1000);
      log.warn({ endpoint, connectedSeconds, reason }, "the connection to the chain was lost; connecting again");
    });
    this.refresh();
  }

  /** Reads anew in the background. What cannot be read stays as it was. */
  refresh(): void {
    this.refreshing ??= this.read()
      .catch(() => undefined)
      .finally(() => (this.refreshing = undefined));
  }

  private async read(): Promise<void> {
    const { chain, accounts, clock, onRead } = this.components;
    this.balance = await chain.feeBalance();
    const block = await chain.finalizedBlock();
    const territories: TerritoryStatus[] = [];
    for (const { id: owner, displayName, cessAccount, territory: name } of accounts().slice(0, MAX_ACCOUNTS)) {
      const territory = await chain.territory(cessAccount, name);
      if (!territory) continue;
      const leftMs = (territory.deadline - block) * this.settings.blockMs;
      const endsAt = clock.now() + leftMs;
      const secondsLeft = Math.max(0, leftMs) / 1000;
      territories.push({ ...territory, owner, account: displayName, cessAccount, name, endsAt, secondsLeft });
    }
    this.territories = territories;
    this.ends = new Map(territories.map(({ owner, endsAt }) => [owner, endsAt]));
    onRead?.();
  }
}

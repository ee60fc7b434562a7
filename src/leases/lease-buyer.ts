import type { AuditLog } from "../admin/audit-log.js";
import type { Catalog, LeaseSpend } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import {
  ChainRefusal,
  ExtrinsicLost,
  type SignedExtrinsic,
  type SubmitOptions,
  type Territory,
} from "../network/chain/chain.js";
import { priceOf, type AccountBalance, type OwnerCall, type TerritoryTerms } from "../network/chain/territory-chain.js";
import { leaseKey, type Lease } from "./lease.js";

const DAY_MS = 86_400_000;
/** Budgets are for so long, ms. */
const BUDGET_MS = 30 * DAY_MS;
/** After a purchase that was not possible it is looked at again, ms: a refused one has cost its fee. */
const AGAIN_MS = 3_600_000;
/** A budget is given in tokens, and counted to this many digits. */
const BUDGET_DIGITS = 6;

/** What is needed of the chain, with the account that signs and pays. */
export interface LeaseChain {
  readonly account: CessAccount;
  terms(): Promise<TerritoryTerms>;
  balance(account: CessAccount): Promise<AccountBalance>;
  territory(owner: CessAccount, name: string): Promise<Territory | undefined>;
  submit(call: OwnerCall, options: SubmitOptions): Promise<bigint>;
  settled(signed: SignedExtrinsic): Promise<boolean>;
}

export interface LeaseBuyerComponents {
  readonly catalog: Pick<Catalog, "leases">;
  readonly chain: LeaseChain;
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** Called after each purchase: the territory is another one than was read. */
  readonly onBought?: () => void;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** Budgets in tokens for 30 days. */
export interface LeaseBuyerSettings {
  readonly renew?: { readonly beforeDays: number; readonly days: number; readonly budget: number } | undefined;
  readonly expand?:
    | {
        readonly belowBytes?: number | undefined;
        readonly belowPercent?: number | undefined;
        readonly gib: number;
        readonly budget: number;
      }
    | undefined;
}

type Kind = LeaseSpend["kind"];

/**
 * Renews and expands territories of the account that signs, within a budget. A purchase is planned in the catalog before it
 * is signed and counts as spent from then on; only when it can no longer happen is it taken back. So neither a crash nor a
 * restart spends the budget twice.
 */
export class LeaseBuyer {
  /** Why a purchase is not possible, by kind and territory. */
  private readonly troubles = new Map<string, { readonly why: string; readonly until: number }>();
  private last: Readonly<Record<Kind, number>> = { renew: 0, expand: 0 };

  constructor(
    private readonly components: LeaseBuyerComponents,
    private readonly settings: LeaseBuyerSettings,
  ) {}

  /** Why something was not bought, for people. */
  problems(): string[] {
    return [...this.troubles.values()].map(({ why }) => why);
  }

  /** Tokens spent in the last 30 days, as last counted. */
  get spent(): Readonly<Record<Kind, number>> {
    return this.last;
  }

  /** Finds out what became of purchases of a process that ended, or that lost the chain. */
  async settle(): Promise<void> {
    const { catalog, chain, audit } = this.components;
    for (const spend of await this.spends()) {
      if (spend.ended) continue;
      // Without a signature it has never left the process.
      if (spend.signed && !(await chain.settled(spend.signed))) continue;
      const happened = spend.signed !== undefined && (await this.hasHappened(spend));
      if (happened) await catalog.leases.endSpend(spend.id, spend.amount);
      else await catalog.leases.dropSpend(spend.id);
      const result = happened ? "done, as was found afterwards" : "did not happen";
      await audit.record({ ...this.act(spend), result });
    }
  }

  /** Buys what this lease needs. `lease` may be a minute old: what is on chain decides. */
  async look(lease: Lease, signal: AbortSignal): Promise<void> {
    const { chain, clock } = this.components;
    if (lease.cessAccount !== chain.account) return;
    for (const kind of ["renew", "expand"] as const) {
      const trouble = `${kind} ${leaseKey(lease)}`;
      if (!this.wants(kind, lease, lease.endsAt - clock.now())) this.troubles.delete(trouble);
      else if ((this.troubles.get(trouble)?.until ?? 0) <= clock.now()) {
        const why = await this.buy(kind, lease, signal);
        if (why === undefined) this.troubles.delete(trouble);
        else this.trouble(trouble, lease, why);
      }
    }
  }

  private trouble(key: string, { account, name }: Lease, why: string): void {
    const { clock, log } = this.components;
    if (this.troubles.get(key)?.why !== why) log.warn({ account, territory: name }, why);
    this.troubles.set(key, { why, until: clock.now() + AGAIN_MS });
  }

  private wants(kind: Kind, { state, remaining, total }: Territory, leftMs: number): boolean {
    const { renew, expand } = this.settings;
    if (kind === "renew")
      return renew !== undefined && (state === "active" || state === "frozen") && leftMs <= renew.beforeDays * DAY_MS;
    if (expand === undefined || state !== "active") return false;
    const { belowBytes, belowPercent = 0 } = expand;
    return belowBytes === undefined
      ? Number(remaining) < (Number(total) * belowPercent) / 100
      : remaining < BigInt(belowBytes);
  }

  /** Undefined when it is bought, or not needed any more; else why not. */
  private async buy(kind: Kind, lease: Lease, signal: AbortSignal): Promise<string | undefined> {
    const { catalog, chain } = this.components;
    const { cessAccount, name: territory } = lease;
    const what = `the territory ${territory} of ${lease.account} is not ${kind === "renew" ? "renewed" : "expanded"}: `;
    const [terms, found] = [await chain.terms(), await chain.territory(cessAccount, territory)];
    if (!found || !this.wants(kind, found, (found.deadline - terms.block) * terms.blockMs)) return undefined;
    const spends = await this.spends(terms);
    const open = spends.some((each) => !each.ended && each.territory === territory && each.kind === kind);
    if (open) return `${what}an earlier call for it is not settled yet`;
    const call = this.callOf(kind, territory);
    const price = priceOf(call, terms, found);
    const refusal = await this.refusal(kind, price, spends, terms);
    if (refusal !== undefined) return what + refusal;
    const before = kind === "renew" ? BigInt(found.deadline) : found.total;
    const purchase = { kind, cessAccount, territory, amount: price, before };
    const id = await catalog.leases.planSpend(purchase);
    return this.pay({ ...purchase, id }, call, terms, signal).then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        return what + error.message;
      },
    );
  }

  private async pay(
    spend: Omit<LeaseSpend, "at" | "ended">,
    call: OwnerCall,
    terms: TerritoryTerms,
    signal: AbortSignal,
  ): Promise<void> {
    const { catalog, chain, audit, log, onBought } = this.components;
    try {
      const paid = await chain.submit(call, {
        onSigned: (signed) => catalog.leases.signSpend(spend.id, signed),
        signal,
      });
      await catalog.leases.endSpend(spend.id, paid);
      const tokens = inTokens(paid, terms);
      await audit.record({ ...this.act(spend), result: "done", details: { tokens, ...call } });
      log.info(
        { territory: spend.territory, tokens },
        `a territory was ${call.kind === "renew" ? "renewed" : "expanded"}`,
      );
      await this.spends(terms);
      onBought?.();
    } catch (error) {
      // Whether it happened is not known: it counts as spent until that is.
      if (!(error instanceof ChainRefusal || error instanceof ExtrinsicLost)) throw error;
      await catalog.leases.dropSpend(spend.id);
      await audit.record({ ...this.act(spend), result: `refused: ${error.message}` });
      throw new Refused(error.message);
    }
  }

  private async refusal(
    kind: Kind,
    price: bigint,
    spends: readonly LeaseSpend[],
    terms: TerritoryTerms,
  ): Promise<string | undefined> {
    const { chain } = this.components;
    const budget = inUnits((kind === "renew" ? this.settings.renew : this.settings.expand)?.budget ?? 0, terms);
    const spent = spends.filter((each) => each.kind === kind).reduce((sum, { amount }) => sum + amount, 0n);
    const text = (amount: bigint) => `${inTokens(amount, terms)} ${terms.token.symbol}`;
    if (spent + price > budget)
      return `it costs ${text(price)}, and of leases.${kind}.budget, ${text(budget)} for 30 days, ${text(spent)} are spent`;
    const { free } = await chain.balance(chain.account);
    // One token is ample for the fee.
    const needed = price + terms.existentialDeposit + 10n ** BigInt(terms.token.decimals);
    return free < needed ? `it costs ${text(price)}, and the signing account has ${text(free)}` : undefined;
  }

  private callOf(kind: Kind, territory: string): OwnerCall {
    return kind === "renew"
      ? { kind, territory, days: this.settings.renew?.days ?? 0 }
      : { kind, territory, gib: this.settings.expand?.gib ?? 0 };
  }

  private async hasHappened({ kind, cessAccount, territory, before }: LeaseSpend): Promise<boolean> {
    const found = await this.components.chain.territory(cessAccount as CessAccount, territory);
    return found !== undefined && (kind === "renew" ? BigInt(found.deadline) : found.total) > before;
  }

  /** Those that count now. */
  private async spends(terms?: TerritoryTerms): Promise<readonly LeaseSpend[]> {
    const { catalog, clock } = this.components;
    const spends = await catalog.leases.spends(clock.now() - BUDGET_MS);
    if (terms) {
      const sum = (kind: Kind) =>
        spends.filter((each) => each.kind === kind).reduce((total, each) => total + inTokens(each.amount, terms), 0);
      this.last = { renew: sum("renew"), expand: sum("expand") };
    }
    return spends;
  }

  private act({ kind, cessAccount, territory }: Pick<LeaseSpend, "kind" | "cessAccount" | "territory">) {
    return {
      act: `${kind} territory`,
      by: `the gateway, by leases.${kind}`,
      subject: `${territory} of ${cessAccount}`,
    };
  }
}

class Refused extends Error {}

function inTokens(amount: bigint, { token }: TerritoryTerms): number {
  return Number(amount) / 10 ** token.decimals;
}

function inUnits(tokens: number, { token }: TerritoryTerms): bigint {
  const digits = Math.min(BUDGET_DIGITS, token.decimals);
  return BigInt(Math.round(tokens * 10 ** digits)) * 10n ** BigInt(token.decimals - digits);
}

import type { Clock } from "../model/clock.js";
import type { Fid, Hash } from "../model/hash.js";
import type { NodeChain } from "../network/chain/node-chain.js";

export interface CustodyComponents {
  readonly chain: NodeChain;
  readonly clock: Clock;
}

export interface CustodySettings {
  /** How long an answer of the chain is cached for arriving fragments. */
  readonly lookupLifetimeMs: number;
  /** FIDs whose answers are remembered; one may hold 12,000 hashes, about 1 MB. */
  readonly lookups: number;
}

export const custodyDefaults: CustodySettings = { lookupLifetimeMs: 10_000, lookups: 8 };

interface Lookup {
  readonly at: number;
  readonly accepted: Promise<ReadonlySet<Hash>>;
}

/** What the chain wants this node to hold. */
export class Custody {
  private readonly settings: CustodySettings;
  private readonly remembered = new Map<Fid, Lookup>();

  constructor(
    private readonly components: CustodyComponents,
    settings: Partial<CustodySettings> = {},
  ) {
    this.settings = { ...custodyDefaults, ...settings };
  }

  /**
   * Whether a fragment may come in: only while a deal that has it is pending, as at the real nodes. Only positive answers are cached: a deal may be declared just after a negative one. Rejects as the chain does.
   */
  async accepts(fid: Fid, hash: Hash): Promise<boolean> {
    const now = this.components.clock.now();
    const known = this.remembered.get(fid);
    if (known && now - known.at < this.settings.lookupLifetimeMs && (await known.accepted).has(hash)) return true;
    this.remembered.delete(fid);
    const accepted = this.accepted(fid);
    this.remember(fid, { at: now, accepted });
    try {
      if ((await accepted).has(hash)) return true;
    } catch (error) {
      this.remembered.delete(fid);
      throw error;
    }
    this.remembered.delete(fid);
    return false;
  }

  /** The deal or file changed on chain. */
  forget(fid?: Fid): void {
    if (fid === undefined) this.remembered.clear();
    else this.remembered.delete(fid);
  }

  /** Fragments of this FID that must stay: `all` while a deal is pending, since any of them may still be reported. */
  async keeps(fid: Fid): Promise<"all" | ReadonlySet<Hash>> {
    // The file is read last: a deal that closes between the two reads shows as a file.
    return (await this.components.chain.deal(fid)) ? "all" : this.assigned(fid);
  }

  private async accepted(fid: Fid): Promise<ReadonlySet<Hash>> {
    const deal = await this.components.chain.deal(fid);
    return new Set(deal?.segments.flatMap(({ fragments }) => fragments));
  }

  private async assigned(fid: Fid): Promise<ReadonlySet<Hash>> {
    const { chain } = this.components;
    const fragments = (await chain.file(fid))?.segments.flatMap((segment) => segment.fragments) ?? [];
    return new Set(fragments.filter(({ node }) => node === chain.account).map(({ hash }) => hash));
  }

  private remember(fid: Fid, lookup: Lookup): void {
    // Keeps a rejection that no caller awaits from ending the process.
    lookup.accepted.catch(() => undefined);
    const [oldest] = this.remembered.keys();
    if (oldest !== undefined && this.remembered.size >= this.settings.lookups) this.remembered.delete(oldest);
    this.remembered.set(fid, lookup);
  }
}

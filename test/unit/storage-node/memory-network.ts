import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady, signatureVerify } from "@polkadot/util-crypto";
import { randomBytes } from "node:crypto";
import type { CessAccount } from "../../../src/model/account.js";
import type { SegmentHashes } from "../../../src/model/file.js";
import type { Fid, Hash } from "../../../src/model/hash.js";
import { FRAGMENTS } from "../../../src/model/sizes.js";
import {
  type ChainDeal,
  type ChainEvent,
  type ChainFile,
  type ChainNode,
  ChainRefusal,
  ChainUnavailable,
  ExtrinsicLost,
} from "../../../src/network/chain/chain.js";
import type { NodeChain, NodeRegistration } from "../../../src/network/chain/node-chain.js";
import { sha256 } from "../../suites/nodes.js";

const OWNER = "cOwner" as CessAccount;
type Report = ChainDeal["reports"][number];

/** Deals, files and nodes as the chain keeps them, with its rules for reports; signatures are real sr25519. */
export class MemoryNetwork {
  readonly deals = new Map<Fid, { readonly segments: readonly SegmentHashes[]; reports: Report[] }>();
  readonly files = new Map<Fid, ChainFile>();
  readonly nodes = new Map<CessAccount, ChainNode>();
  readonly endpoints: string[] = [];
  /** Reports that reached the chain, refused ones too. */
  attempts = 0;
  /** How many of the next reports get lost on the way. */
  losing = 0;
  away = false;
  private readonly keyring = new Keyring({ type: "sr25519", ss58Format: 11330 });
  private readonly listeners = new Set<(event: ChainEvent) => void>();

  static async create(): Promise<MemoryNetwork> {
    await cryptoWaitReady();
    return new MemoryNetwork();
  }

  signer(): { readonly account: CessAccount; readonly sign: (message: Uint8Array) => Uint8Array } {
    const pair = this.keyring.addFromSeed(randomBytes(32));
    return { account: pair.address as CessAccount, sign: (message) => pair.sign(message) };
  }

  /** Declares a file; the same one again forgets its reports, as the real chain does. */
  declare(segments: readonly (readonly Hash[])[], fid = sha256(randomBytes(8)) as Fid): Fid {
    this.deals.set(fid, {
      segments: segments.map((fragments) => ({ hash: sha256(randomBytes(8)), fragments })),
      reports: [],
    });
    this.emit({ kind: "declared", fid, block: 1 });
    return fid;
  }

  emit(event: ChainEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  chain({ account, sign } = this.signer()): NodeChain {
    const ask = <T>(value: T): Promise<T> =>
      this.away ? Promise.reject(new ChainUnavailable("away")) : Promise.resolve(value);
    return {
      account,
      sign,
      connected: true,
      state: () => ask(this.nodes.get(account)),
      deal: (fid) => {
        const deal = this.deals.get(fid);
        return ask(deal && { fid, owner: OWNER, territory: "t", segments: deal.segments, reports: [...deal.reports] });
      },
      file: (fid) => ask(this.files.get(fid)),
      report: (index, fid) => this.report(account, index, fid),
      register: (registration: NodeRegistration) => this.write(account, registration.endpoint),
      updateEndpoint: (endpoint) => this.write(account, endpoint),
      watch: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      verify: (who, message, signature) => {
        try {
          return signatureVerify(message, signature, who).isValid;
        } catch {
          return false;
        }
      },
      close: () => Promise.resolve(),
    };
  }

  private async write(account: CessAccount, endpoint: string): Promise<void> {
    this.endpoints.push(endpoint);
    this.nodes.set(account, { account, endpoint, state: "positive", idleSpace: 1n << 40n });
    return Promise.resolve();
  }

  private async report(node: CessAccount, index: number, fid: Fid): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.attempts++;
    if (this.losing > 0) {
      this.losing--;
      throw new ExtrinsicLost("lost");
    }
    const deal = this.deals.get(fid);
    if (!deal) throw new ChainRefusal("fileBank", "NonExistent");
    if (deal.reports.some((each) => each.node === node || each.index === index))
      throw new ChainRefusal("fileBank", "Existed");
    deal.reports.push({ index, node });
    if (deal.reports.length === FRAGMENTS) this.close(fid);
  }

  /** The deal becomes a file; what was not reported is given to nobody. */
  close(fid: Fid): void {
    const deal = this.deals.get(fid)!;
    const holder = (index: number) => deal.reports.find((each) => each.index === index)?.node ?? OWNER;
    const segments = deal.segments.map(({ hash, fragments }) => ({
      hash,
      fragments: fragments.map((fragment, index) => ({ hash: fragment, node: holder(index) })),
    }));
    this.deals.delete(fid);
    this.files.set(fid, { fid, size: 1, owners: [{ account: OWNER, territory: "t" }], segments });
    this.emit({ kind: "stored", fid, block: 2 });
  }
}

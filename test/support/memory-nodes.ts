import { createHash } from "node:crypto";
import type { CessAccount } from "../../src/model/account.js";
import type { Hash } from "../../src/model/hash.js";
import { GIB } from "../../src/model/sizes.js";
import { NodeFailure, type FragmentName, type NodeAddress, type Nodes } from "../../src/network/nodes/nodes.js";
import type { MemoryChain } from "./memory-chain.js";

export type NodeFault = "none" | "down" | "refusing" | "silent" | "hanging";

/** Storage nodes that keep hashes only, and report on the memory chain what they hold whole. */
export class MemoryNodes implements Nodes {
  readonly faults = new Map<string, NodeFault>();
  /** `account index` of every accepted fragment. */
  readonly accepted: { readonly node: string; readonly hash: Hash }[] = [];
  /** Fragments being sent at this moment, and the most there were. */
  sending = 0;
  mostSending = 0;
  private readonly held = new Map<string, Set<Hash>>();
  private readonly chain: MemoryChain;

  constructor(chain: MemoryChain, count: number) {
    this.chain = chain;
    for (let n = 1; n <= count; n++) {
      const account = `cXnode${n}` as CessAccount;
      chain.addNode({
        account,
        endpoint: `http://127.0.0.1:${15_000 + n}`,
        state: "positive",
        idleSpace: BigInt(100 * GIB),
      });
      this.held.set(account, new Set());
    }
    // As a miner does: it looks at the deals again and again.
    chain.onBlock = () => this.reportAll();
  }

  async put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.sending++;
    this.mostSending = Math.max(this.mostSending, this.sending);
    try {
      await this.keep(node, fragment, bytes, signal);
    } finally {
      this.sending--;
    }
  }

  private async keep(
    node: NodeAddress,
    fragment: FragmentName,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    signal?.throwIfAborted();
    const fault = this.faults.get(node.account) ?? "none";
    if (fault === "down") throw new NodeFailure("unreachable", node, "connection refused");
    if (fault === "hanging") {
      await new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (fault === "refusing") throw new NodeFailure("refused", node, "no space");
    if (createHash("sha256").update(bytes).digest("hex") !== fragment.hash)
      throw new NodeFailure("refused", node, "hash mismatch");
    const deal = await this.chain.deal(fragment.fid);
    const wanted = deal?.segments.some(({ fragments }) => fragments.includes(fragment.hash));
    if (wanted !== true) throw new NodeFailure("refused", node, "the fragment is not in the deal");
    this.held.get(node.account)!.add(fragment.hash);
    this.accepted.push({ node: node.account, hash: fragment.hash });
  }

  get(node: NodeAddress): Promise<Uint8Array> {
    return Promise.reject(new NodeFailure("missing", node, "kept as a hash only"));
  }

  getRange(node: NodeAddress): Promise<Uint8Array> {
    return this.get(node);
  }

  /** A node that lost its disk. */
  forget(account: string): void {
    this.held.get(account)?.clear();
  }

  private reportAll(): void {
    for (const deal of this.chain.pendingDeals()) {
      for (const [account, held] of this.held) {
        const fault = this.faults.get(account) ?? "none";
        if (fault === "silent" || fault === "down" || deal.reports.some(({ node }) => node === account)) continue;
        for (let index = 0; index < 12; index++) {
          const whole = deal.segments.every(({ fragments }) => held.has(fragments[index]!));
          if (whole && !deal.reports.some((report) => report.index === index))
            this.chain.report(account as CessAccount, index, deal.fid);
        }
      }
    }
  }
}

import { createHash } from "node:crypto";
import type { CessAccount } from "../../src/model/account.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { FRAGMENTS, GIB } from "../../src/model/sizes.js";
import {
  NodeFailure,
  type FragmentName,
  type NodeAddress,
  type Nodes,
  type NodeStatus,
} from "../../src/network/nodes/nodes.js";
import type { MemoryChain } from "../support/memory-chain.js";
import type { Owner } from "./scheduler.js";

/**
 * `down`: refuses connections. `lossy`: half of what is sent never arrives. `slow`: answers after seconds. `hanging`:
 * never answers. `full`: refuses fragments. `silent`: takes them and does not report. `lying`: gives other bytes than
 * it took. `corrupting`: bits flip on the way, both ways. `forgetful`: says it has nothing.
 */
export const nodeFaults = [
  "down",
  "lossy",
  "slow",
  "hanging",
  "full",
  "silent",
  "lying",
  "corrupting",
  "forgetful",
] as const;
export type NodeFault = (typeof nodeFaults)[number];

export interface StorageNode {
  readonly account: CessAccount;
  readonly held: Map<Hash, Uint8Array>;
  /** Blocks this node waits before it reports what it has. */
  readonly laziness: number;
  /** Never mended; nothing of such a node is counted on. */
  lastingFault: NodeFault | undefined;
  fault: NodeFault | undefined;
}

/** What a node may be for ever: the network is made of strangers' machines. */
const LASTING: readonly NodeFault[] = ["down", "hanging", "full", "silent"];

/** How long the client of a node waits for an answer. */
const TIMEOUT_MS = 20_000;

/** Storage nodes that keep their fragments, report them on the memory chain, and misbehave when told to. */
export class SimulatedNodes {
  readonly nodes: StorageNode[];
  /** An overloaded process: it finds answers only when it is too late. */
  answersLateTo: Owner | undefined;
  /** Whether fragments of files that are deleted on chain go. */
  dropDeleted = false;
  private readonly queued = new Set<string>();

  /** The first `broken` of them are so for ever. */
  constructor(
    private readonly chain: MemoryChain,
    count: number,
    private readonly random: () => number,
    broken: number,
  ) {
    this.nodes = Array.from({ length: count }, (_, n) => {
      const lastingFault = n < broken ? LASTING[Math.floor(random() * LASTING.length)] : undefined;
      return {
        account: `cXnode${n}` as CessAccount,
        held: new Map(),
        laziness: Math.floor(4 * random() ** 3),
        lastingFault,
        fault: lastingFault,
      };
    });
    for (const { account } of this.nodes) this.register(account);
    chain.onBlock = () => this.report();
  }

  private register(account: CessAccount): void {
    this.chain.addNode({
      account,
      endpoint: `http://10.0.0.${this.nodes.findIndex((node) => node.account === account) + 1}:15001`,
      state: "positive",
      idleSpace: BigInt(100 * GIB),
    });
  }

  /** New nodes, all of them well. */
  join(count: number): void {
    for (let n = 0; n < count; n++) {
      const account = `cXnode${this.nodes.length}` as CessAccount;
      this.nodes.push({ account, held: new Map(), laziness: 0, lastingFault: undefined, fault: undefined });
      this.register(account);
    }
  }

  /** The node is so for ever. What it held is lost. */
  die(account: string, fault: NodeFault): void {
    const node = this.node(account)!;
    node.lastingFault = fault;
    node.fault = fault;
    node.held.clear();
  }

  /** The nodes as one process of the gateway reaches them. */
  seenBy(owner: Owner): Nodes & NodeStatus {
    return {
      status: async (address, signal) => {
        await this.travel(owner, address, signal);
      },
      put: (address, fragment, bytes, signal) => this.put(owner, address, fragment, bytes, signal),
      get: (address, fragment, signal) => this.get(owner, address, fragment, signal),
      getRange: async (address, fragment, { start, end }, signal) =>
        (await this.get(owner, address, fragment, signal)).slice(start, end),
    };
  }

  /** As they are when nothing happens to them. */
  heal(): void {
    for (const node of this.nodes) node.fault = node.lastingFault;
  }

  node(account: string): StorageNode | undefined {
    return this.nodes.find((node) => node.account === account);
  }

  /** One way of a message; rejects as the client would when it is lost. */
  private async travel(owner: Owner, address: NodeAddress, signal?: AbortSignal): Promise<StorageNode> {
    const node = this.node(address.account)!;
    const { fault } = node;
    if (owner === this.answersLateTo && this.random() < 0.5) {
      await owner.sleep(TIMEOUT_MS, signal);
      throw new NodeFailure("unreachable", address, "the answer lay unread until the time was over");
    }
    if (fault === "down") {
      await owner.sleep(5, signal);
      throw new NodeFailure("unreachable", address, "connection refused");
    }
    if (fault === "hanging" || (fault === "lossy" && this.random() < 0.5)) {
      await owner.sleep(TIMEOUT_MS, signal);
      throw new NodeFailure("unreachable", address, "no answer in time");
    }
    await owner.sleep(fault === "slow" ? 1_000 + 8_000 * this.random() : 2 + 60 * this.random() ** 3, signal);
    return node;
  }

  private async put(
    owner: Owner,
    address: NodeAddress,
    { fid, hash }: FragmentName,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    signal?.throwIfAborted();
    const sent = Uint8Array.from(bytes);
    const node = await this.travel(owner, address, signal);
    if (node.fault === "corrupting" && this.random() < 0.5) sent[0]! ^= 1;
    if (node.fault === "full") throw new NodeFailure("refused", address, "no space");
    if (createHash("sha256").update(sent).digest("hex") !== hash)
      throw new NodeFailure("refused", address, "hash mismatch");
    const deal = this.chain.pendingDeals().find((pending) => pending.fid === fid);
    if (!deal?.segments.some(({ fragments }) => fragments.includes(hash)))
      throw new NodeFailure("refused", address, "the fragment is not in the deal");
    node.held.set(hash, sent);
    await this.travel(owner, address, signal);
  }

  private async get(
    owner: Owner,
    address: NodeAddress,
    { fid, hash }: FragmentName,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const { fault, held } = await this.travel(owner, address, signal);
    const bytes = this.dropDeleted && this.isDeleted(fid) ? undefined : held.get(hash);
    if (!bytes || fault === "forgetful") throw new NodeFailure("missing", address, "no such fragment");
    const answer = Uint8Array.from(bytes);
    if (fault === "lying") answer.fill(7);
    if (fault === "corrupting" && this.random() < 0.5) answer[answer.length - 1]! ^= 1;
    await this.travel(owner, address, signal);
    return fault === "lying" && this.random() < 0.3 ? answer.subarray(1) : answer;
  }

  private isDeleted(fid: Fid): boolean {
    const listed = [...this.chain.files(), ...this.chain.pendingDeals()].some((each) => each.fid === fid);
    return !listed && !this.chain.finalFile(fid);
  }

  /**
   * As miners do: they look at the deals again and again, and report what they hold whole. One report a block is
   * enough.
   */
  private report(): void {
    this.queued.clear();
    for (const deal of this.chain.pendingDeals()) {
      for (const node of this.nodes) {
        const mute = node.fault === "silent" || node.fault === "down" || node.fault === "hanging";
        if (mute || deal.reports.some((report) => report.node === node.account)) continue;
        if (node.laziness > 0 && this.random() * (node.laziness + 1) > 1) continue;
        for (let index = 0; index < FRAGMENTS; index++) {
          const whole = deal.segments.every(({ fragments }) => node.held.has(fragments[index]!));
          const free =
            !deal.reports.some((report) => report.index === index) && !this.queued.has(`${deal.fid} ${index}`);
          if (!whole || !free) continue;
          this.queued.add(`${deal.fid} ${index}`);
          this.chain.report(node.account, index, deal.fid);
          break;
        }
      }
    }
  }
}

import type { CessAccount } from "../../model/account.js";
import type { ChainNode } from "../chain/chain.js";
import type { NodeFailure } from "./nodes.js";

export type Direction = "put" | "get";

/** What transfers of one direction were like; decaying, so that the last few dozen count. */
export interface TransferExperience {
  /** Transfers that ended well, since the node is known. */
  readonly count: number;
  /** Undefined until one ended well. */
  readonly bytesPerSecond?: number;
  /** Milliseconds that half, and 95 in 100, of the transfers of a fragment did not exceed. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

/** What this gateway has seen of one storage node. Nodes it knows nothing of count as good ones. */
export interface NodeExperience {
  /** 0…1: how many of the last transfers ended well. */
  readonly successRate: number;
  /** 0…1: how many of the last fragment batches it took were reported on chain in time. */
  readonly reportRate: number;
  /** Failures, each counting half after a while. */
  readonly recentFailures: number;
  /** It failed or was hedged out, and nothing has come from it since. */
  readonly lagging: boolean;
  readonly failures: number;
  /** Times it gave bytes that were not the fragment. */
  readonly corrupt: number;
  readonly missedReports: number;
  readonly put: TransferExperience;
  readonly get: TransferExperience;
  /** Milliseconds since 1970; present while the circuit is open and no fragments are given to it. */
  readonly openUntil?: number;
  /** The circuit is half-open: the next fragment decides whether it is closed or opened again. */
  readonly halfOpen: boolean;
}

/** A registered node as placement sees it. */
export interface RegisteredNode extends ChainNode {
  /** Above 0, at most 1: how well it served compared with others. */
  readonly quality: number;
  readonly openUntil?: number;
}

/**
 * What is known of each storage node: from the chain (endpoint, state, idle space) and from experience. One registry
 * serves distribution, which gives fragments, and retrieval, which fetches them. It is bounded and kept across restarts;
 * what is lost is learned again.
 */
export interface NodeRegistry {
  /**
   * All registered nodes. The chain is read again when its answer is older than the configured time, or than
   * `notBefore` (milliseconds since 1970). Rejects with ChainUnavailable.
   */
  nodes(notBefore?: number): Promise<readonly RegisteredNode[]>;
  experience(account: CessAccount): NodeExperience;
  /** What nine in ten of all nodes' last fragments took to come, in milliseconds; undefined before the first. */
  usualGetMs(): number | undefined;
  succeeded(account: CessAccount, direction: Direction, bytes: number, ms: number): void;
  /** It gave a part of a fragment. How long that took says nothing of how long a fragment takes. */
  gaveRange(account: CessAccount): void;
  /**
   * Kinds that say nothing against the node (`busy`, `circuit-open`, `no-ranges`) are ignored, and so is a transfer that
   * got no answer while this process stood still, or while many nodes failed at once. `began`: milliseconds since 1970.
   */
  failed(account: CessAccount, kind: NodeFailure["kind"], why: string, began?: number): void;
  /**
   * Whether, at any time since `time` (milliseconds since 1970), this process stood still or many nodes failed at once:
   * what failed since then is probably this gateway's own trouble.
   */
  troubledSince(time: number): boolean;
  /** Another node was faster: this one was still busy after `ms` when its transfer was cancelled. */
  hedgedOut(account: CessAccount, direction: Direction, ms: number): void;
  /** It gave bytes that do not have the fragment's hash: the circuit opens at once. */
  gaveCorrupt(account: CessAccount): void;
  /** It reported a fragment batch of ours on chain. */
  reported(account: CessAccount): void;
  /** It took a fragment batch and did not report it in time. Ignored when many nodes do so at once. */
  missedReport(account: CessAccount): void;
}

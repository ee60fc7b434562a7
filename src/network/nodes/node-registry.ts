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

/** What this gateway has seen of one storage node. One it knows nothing of is given the benefit of the doubt. */
export interface NodeExperience {
  /** 0…1: how many of the last transfers ended well. */
  readonly successRate: number;
  /** 0…1: how many of the last fragment batches it took were reported on chain in time. */
  readonly reportRate: number;
  /** Failures, each counting half after a while. */
  readonly recentFailures: number;
  /** It failed or was outrun, and no fragment has come from it since. */
  readonly lagging: boolean;
  readonly failures: number;
  /** Times it gave bytes that were not the fragment. */
  readonly lies: number;
  readonly missedReports: number;
  readonly put: TransferExperience;
  readonly get: TransferExperience;
  /** Milliseconds since 1970; present while no fragments are given to it. */
  readonly coolingUntil?: number;
  /** The cooldown is over, and the next fragment decides whether it is trusted again. */
  readonly onTrial: boolean;
}

/** A registered node as placement sees it. */
export interface RegisteredNode extends ChainNode {
  /** Above 0, at most 1: how well it served compared with others. */
  readonly quality: number;
  readonly coolingUntil?: number;
}

/**
 * What is known of each storage node: from the chain (endpoint, state, idle space) and from experience. One book serves
 * distribution, which gives fragments, and retrieval, which fetches them. Bounded; kept across restarts; losing it
 * costs nothing but having to learn again.
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
  /** Kinds that say nothing of the node (`busy`, `cooling`) are ignored. */
  failed(account: CessAccount, kind: NodeFailure["kind"], why: string): void;
  /** It was still busy after `ms` when it was not needed any more: at least that slow. */
  outrun(account: CessAccount, direction: Direction, ms: number): void;
  /** It gave bytes that do not have the fragment's hash: cools at once. */
  lied(account: CessAccount): void;
  /** It reported a fragment batch of ours on chain. */
  reported(account: CessAccount): void;
  /** It took a fragment batch and did not report it in time. */
  missedReport(account: CessAccount): void;
}

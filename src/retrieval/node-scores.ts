import type { CessAccount } from "../model/account.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";

export interface ScoreSettings {
  /** Limits of the wait before other fragments of the segment are requested as well. Milliseconds. */
  readonly minHedgeMs: number;
  readonly maxHedgeMs: number;
}

export const SCORE_DEFAULTS: ScoreSettings = { minHedgeMs: 50, maxHedgeMs: 3000 };

/** From so many fragments on, a node's own 95th percentile is a better estimate than that of all nodes. */
const ENOUGH_FRAGMENTS = 8;
/** The registry's quantiles may be too low by so much, and hashing takes time, too: asking other nodes is not free. */
const MARGIN = 1.25;
/** Factor on the usual time, for a node with too few measurements. */
const UNKNOWN = 1.5;
/** A node whose usual time is so many times that of most nodes is slow: other nodes are asked at the same time. */
const SLOW = 4;

/**
 * What the node registry means for reading: whom to ask first, and how long to wait for one node alone. Keeps nothing
 * itself.
 */
export class NodeScores {
  constructor(
    private readonly registry: Pick<NodeRegistry, "experience" | "usualGetMs">,
    private readonly settings: ScoreSettings,
  ) {}

  /** Orders nodes: less is better. An unknown node counts as an average one. */
  cost(node: CessAccount): number {
    const { get, lagging, recentFailures, openUntil } = this.registry.experience(node);
    const blemishes = recentFailures + (lagging ? 1 : 0) + (openUntil === undefined ? 0 : 1);
    return (get.p50Ms ?? this.usual()) + blemishes * this.settings.maxHedgeMs;
  }

  /**
   * How long to count on this node before one more is asked: what 95 in 100 of its own fragments did not exceed.
   * Milliseconds: 0 when it failed or was hedged out the last time, or is known to be slow.
   */
  hedgeDelay(node: CessAccount): number {
    const { get, lagging } = this.registry.experience(node);
    if (lagging || (get.p50Ms ?? 0) > Math.max(this.usual(), this.settings.minHedgeMs) * SLOW) return 0;
    const expected = get.p95Ms === undefined || get.count < ENOUGH_FRAGMENTS ? this.usual() * UNKNOWN : get.p95Ms;
    return Math.min(Math.max(expected * MARGIN, this.settings.minHedgeMs), this.settings.maxHedgeMs);
  }

  /** The 90th percentile of the last answers of all nodes; before the first answer, half the longest wait. */
  private usual(): number {
    return this.registry.usualGetMs() ?? this.settings.maxHedgeMs / 2;
  }
}

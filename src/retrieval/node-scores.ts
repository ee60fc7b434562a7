import type { CessAccount } from "../model/account.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";

export interface ScoreSettings {
  /** Bounds of the wait before a fragment's siblings are asked for as well. Milliseconds. */
  readonly minHedgeMs: number;
  readonly maxHedgeMs: number;
}

export const SCORE_DEFAULTS: ScoreSettings = { minHedgeMs: 50, maxHedgeMs: 3000 };

/** Fragments a node must have sent before its own 95 in 100 is a better guess than everybody's. */
const ENOUGH_FRAGMENTS = 8;
/** The registry's quantiles may be too low by so much, and hashing takes time, too: asking other nodes is not free. */
const MARGIN = 1.25;
/** How many times longer than most nodes one may take of which not enough is known. */
const UNKNOWN = 1.5;
/** A node that usually takes so many times longer than most is slow: it is never waited for alone. */
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

  /** Orders nodes: less is better. An unknown node counts as a usual one. */
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

  /** What nine in ten of the last answers did not exceed; before the first, half the longest wait. */
  private usual(): number {
    return this.registry.usualGetMs() ?? this.settings.maxHedgeMs / 2;
  }
}

import type { CessAccount } from "../model/account.js";
import type { NodeBook } from "../network/nodes/node-book.js";

export interface ScoreSettings {
  /** Bounds of the wait before a fragment's siblings are asked for as well. Milliseconds. */
  readonly minHedgeMs: number;
  readonly maxHedgeMs: number;
}

export const SCORE_DEFAULTS: ScoreSettings = { minHedgeMs: 150, maxHedgeMs: 3000 };

/** Fragments a node must have sent before its own 95 in 100 is a better guess than everybody's. */
const ENOUGH_FRAGMENTS = 8;
/** A node that usually takes so many times longer than the wait is slow: it is never waited for alone. */
const SLOW = 2;

/** What the node book means for reading: whom to ask first, and how long to wait for one node alone. Keeps nothing itself. */
export class NodeScores {
  constructor(
    private readonly book: Pick<NodeBook, "experience" | "usualGetMs">,
    private readonly settings: ScoreSettings,
  ) {}

  /** Orders nodes: less is better. An unknown node counts as a usual one. */
  cost(node: CessAccount): number {
    const { get, recentFailures, coolingUntil } = this.book.experience(node);
    const blemishes = recentFailures + (coolingUntil === undefined ? 0 : 1);
    return (get.p50Ms ?? this.#usual()) + blemishes * this.settings.maxHedgeMs;
  }

  /**
   * How long to wait for this node alone: what 95 in 100 of its own fragments did not exceed. Milliseconds: 0 when it
   * has just failed or is known to be slow.
   */
  hedgeDelay(node: CessAccount): number {
    const step = this.hedgeStep();
    const { get, recentFailures } = this.book.experience(node);
    if (recentFailures > 0.5 || (get.p50Ms ?? 0) > step * SLOW) return 0;
    return get.p95Ms === undefined || get.count < ENOUGH_FRAGMENTS ? step : this.#bounded(get.p95Ms);
  }

  /** The wait between one more request and the next, once others are being asked. */
  hedgeStep(): number {
    return this.#bounded(this.#usual() * 2);
  }

  #bounded(ms: number): number {
    return Math.min(Math.max(ms, this.settings.minHedgeMs), this.settings.maxHedgeMs);
  }

  /** What nine in ten of the last answers did not exceed; before the first, half the longest wait. */
  #usual(): number {
    return this.book.usualGetMs() ?? this.settings.maxHedgeMs / 2;
  }
}

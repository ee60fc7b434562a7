import { LRUCache } from "lru-cache";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";

export interface ScoreSettings {
  /** Bounds of the wait before a fragment's siblings are asked for as well. Milliseconds. */
  readonly minHedgeMs: number;
  readonly maxHedgeMs: number;
  /** After this long a failure counts half. Milliseconds. */
  readonly failureHalfLifeMs: number;
}

export const SCORE_DEFAULTS: ScoreSettings = { minHedgeMs: 150, maxHedgeMs: 3000, failureHalfLifeMs: 60_000 };

const REMEMBERED_NODES = 10_000;
const REMEMBERED_LATENCIES = 64;
/** Share of a new measurement in a node's latency. */
const NEW_WEIGHT = 0.3;

interface Score {
  /** Milliseconds for a fragment; undefined until one came. */
  latency: number | undefined;
  /** Decays since `failedAt`. */
  failures: number;
  failedAt: number;
}

/** What this process has seen of each storage node, to ask good ones first and to know what slow means. */
export class NodeScores {
  readonly #scores = new LRUCache<CessAccount, Score>({ max: REMEMBERED_NODES });
  readonly #latencies: number[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly settings: ScoreSettings,
  ) {}

  succeeded(node: CessAccount, ms: number): void {
    const score = this.#score(node);
    score.latency = score.latency === undefined ? ms : score.latency + (ms - score.latency) * NEW_WEIGHT;
    score.failures = this.#failures(score) / 2;
    score.failedAt = this.clock.now();
    this.#latencies.push(ms);
    if (this.#latencies.length > REMEMBERED_LATENCIES) this.#latencies.shift();
  }

  /** The node said no, did not answer, or gave bytes that are not the fragment. */
  failed(node: CessAccount): void {
    const score = this.#score(node);
    score.failures = this.#failures(score) + 1;
    score.failedAt = this.clock.now();
  }

  /** It was still busy after `ms` when it was not needed any more: at least that slow. That is a failure if it is long. */
  outrun(node: CessAccount, ms: number): void {
    const score = this.#score(node);
    score.latency = Math.max(score.latency ?? 0, ms);
    if (ms >= this.hedgeStep()) this.failed(node);
  }

  /** Orders nodes: less is better. An unknown node counts as a usual one. */
  cost(node: CessAccount): number {
    const score = this.#scores.peek(node);
    const usual = this.#usual();
    return score ? (score.latency ?? usual) + this.#failures(score) * this.settings.maxHedgeMs : usual;
  }

  /** How long to wait for this node alone. Milliseconds: 0 when it has just failed or is known to be slow. */
  hedgeDelay(node: CessAccount): number {
    const delay = this.hedgeStep();
    const score = this.#scores.peek(node);
    if (!score) return delay;
    return this.#failures(score) > 0.5 || (score.latency ?? 0) > delay * 2 ? 0 : delay;
  }

  /** The wait between one more request and the next, once others are being asked. */
  hedgeStep(): number {
    const { minHedgeMs, maxHedgeMs } = this.settings;
    return Math.min(Math.max(this.#usual() * 2, minHedgeMs), maxHedgeMs);
  }

  /** What nine in ten of the last answers did not exceed; before the first, half the longest wait. */
  #usual(): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.9)] ?? this.settings.maxHedgeMs / 2;
  }

  #failures(score: Score): number {
    return score.failures * 0.5 ** ((this.clock.now() - score.failedAt) / this.settings.failureHalfLifeMs);
  }

  #score(node: CessAccount): Score {
    const known = this.#scores.get(node);
    if (known) return known;
    const score: Score = { latency: undefined, failures: 0, failedAt: this.clock.now() };
    this.#scores.set(node, score);
    return score;
  }
}

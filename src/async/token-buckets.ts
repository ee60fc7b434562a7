import { LRUCache } from "lru-cache";
import type { Clock } from "../model/clock.js";
import type { ShareableLimit } from "./shared-limits.js";

export interface BucketRate {
  /** Tokens that come into each bucket a second; 0: buckets are never empty. */
  readonly perSecond: number;
  /** Tokens that a bucket holds at most, and at first. At least 1. */
  readonly burst: number;
}

/** Buckets that are remembered; the least recently used is forgotten first, and is full when it is asked for again. */
const MAX_BUCKETS = 10_000;
/** How often a bucket may lack what it holds, when others have taken from it at the same time. */
const DEBT = 3;

/** A token bucket for each key: how often something may happen on behalf of one client. */
export class TokenBuckets implements ShareableLimit {
  /** When the bucket will be full, ms since 1970. */
  private readonly fullAt: LRUCache<string, number>;
  private onUsed: ((key: string, tokens: number) => void) | undefined;

  constructor(
    private readonly clock: Pick<Clock, "now">,
    private rate: BucketRate,
    maxBuckets = MAX_BUCKETS,
  ) {
    this.fullAt = new LRUCache({ max: maxBuckets });
  }

  /** Another rate from now on. A bucket holds no more than the new burst, and lacks no more than that. */
  setRate(rate: BucketRate): void {
    this.rate = rate;
  }

  /** Takes a token. Returns 0, or, where there is none, how long until there is one, ms; nothing is taken then. */
  take(key: string): number {
    const { perSecond } = this.rate;
    const waitMs = this.wait(key);
    if (waitMs === 0 && perSecond > 0) {
      this.fullAt.set(key, this.end(key) + 1000 / perSecond);
      this.onUsed?.(key, 1);
    }
    return waitMs;
  }

  share(onUsed: (key: string, amount: number) => void): void {
    this.onUsed = onUsed;
  }

  /** The bucket lacks these tokens, too, and for a while more than it holds. */
  usedElsewhere(key: string, tokens: number): void {
    const { perSecond } = this.rate;
    if (perSecond > 0) this.fullAt.set(key, this.end(key) + (tokens * 1000) / perSecond);
  }

  /** How long until a token can be taken, ms. */
  wait(key: string): number {
    const { perSecond, burst } = this.rate;
    if (perSecond === 0) return 0;
    const missing = this.end(key) - this.clock.now();
    return Math.max(0, Math.ceil(missing - ((burst - 1) * 1000) / perSecond));
  }

  /** When the bucket will be full. One that lacks more than it holds is of another rate, or the clock was set back. */
  private end(key: string): number {
    const { perSecond, burst } = this.rate;
    const now = this.clock.now();
    const known = this.fullAt.get(key) ?? now;
    const most = this.onUsed ? burst * (1 + DEBT) : burst;
    const end = Math.min(Math.max(known, now), now + (most * 1000) / perSecond);
    if (end < known) this.fullAt.set(key, end);
    return end;
  }
}

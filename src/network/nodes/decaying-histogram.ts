/** Buckets begin at 1 ms, and each is a quarter wider than the one before: the last begins at about 25 minutes. */
const RATIO = 1.25;
const BUCKETS = 64;
/** Factor on a sample's weight with each further sample: about forty samples count. */
const KEPT = 0.975;
/** Buckets lighter than this are forgotten. */
const NEGLIGIBLE = 0.001;

/** Quantiles of the last few dozen durations, right to about a tenth, in bounded space. */
export class DecayingHistogram {
  private readonly weights = new Map<number, number>();

  constructor(saved: readonly (readonly [number, number])[] = []) {
    for (const [bucket, weight] of saved)
      if (bucket >= 0 && bucket < BUCKETS && weight > 0) this.weights.set(bucket, weight);
  }

  add(ms: number): void {
    for (const [bucket, weight] of this.weights) {
      if (weight * KEPT < NEGLIGIBLE) this.weights.delete(bucket);
      else this.weights.set(bucket, weight * KEPT);
    }
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log(Math.max(ms, 1)) / Math.log(RATIO))));
    this.weights.set(bucket, (this.weights.get(bucket) ?? 0) + 1);
  }

  /** Milliseconds that a share `p` (0…1) of the samples did not exceed; undefined without samples. */
  quantile(p: number): number | undefined {
    const buckets = [...this.weights].sort(([a], [b]) => a - b);
    const wanted = buckets.reduce((sum, [, weight]) => sum + weight, 0) * p;
    let passed = 0;
    for (const [bucket, weight] of buckets) {
      // Within a bucket the samples are taken to lie evenly on its logarithmic scale.
      if (passed + weight >= wanted) return RATIO ** (bucket + Math.max(0, (wanted - passed) / weight));
      passed += weight;
    }
    return undefined;
  }

  /** For `constructor`. */
  save(): [number, number][] {
    return [...this.weights].map(([bucket, weight]) => [bucket, Math.round(weight * 1000) / 1000]);
  }
}

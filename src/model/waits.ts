type Other = "chain" | "nodes";

/**
 * For how long one request waited for others, in milliseconds: for the chain; and for fragments that were neither in
 * memory nor read straight from the cache's disk, which come from storage nodes or other gateways. Waits at the same time
 * count once.
 */
export class Waits {
  readonly ms = { chain: 0, nodes: 0 };
  private readonly running = { chain: 0, nodes: 0 };
  private readonly since = { chain: 0, nodes: 0 };

  /** Counts what another process has waited for this request. */
  add({ chain, nodes }: Waits["ms"]): void {
    this.ms.chain += chain;
    this.ms.nodes += nodes;
  }

  /** The result of `work`, whose time counts. */
  async for<T>(other: Other, work: Promise<T>): Promise<T> {
    if (this.running[other]++ === 0) this.since[other] = performance.now();
    try {
      return await work;
    } finally {
      if (--this.running[other] === 0) this.ms[other] += performance.now() - this.since[other];
    }
  }
}

/** As `waits.for`, where there may be nobody to count for. */
export function waitFor<T>(waits: Waits | undefined, other: Other, work: Promise<T>): Promise<T> {
  return waits ? waits.for(other, work) : work;
}

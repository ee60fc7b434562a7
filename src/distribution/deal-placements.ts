import type { Placement } from "../catalog/catalog.js";
import { FRAGMENTS } from "../model/sizes.js";
import type { ChainDeal } from "../network/chain/chain.js";

/** Which node has which fragment index of one deal: the saved placement, corrected by the chain's state. */
export class DealPlacements {
  private readonly rows = new Map<number, Placement>();

  /**
   * "One index a miner, one miner an index": a node that has reported one index can report no other, so any other index
   * planned for it needs another node. A saved report that the deal does not show was lost when the deal was
   * overwritten: that node still has the fragments and may report again.
   */
  constructor(saved: readonly Placement[], reports: ChainDeal["reports"], now: number) {
    const reporters = new Set<string>(reports.map(({ node }) => node));
    const reported = new Set(reports.map(({ index }) => index));
    for (const row of saved) {
      if (reported.has(row.index) || reporters.has(row.node)) continue;
      this.rows.set(row.index, row.state === "reported" ? { ...row, state: "sent", since: now } : row);
    }
    for (const { index, node } of reports) {
      const before = saved.find((row) => row.index === index && row.node === node);
      this.rows.set(index, { index, node, state: "reported", since: before?.since ?? now });
    }
  }

  all(): Placement[] {
    return [...this.rows.values()].sort((a, b) => a.index - b.index);
  }

  get(index: number): Placement | undefined {
    return this.rows.get(index);
  }

  nodes(): Set<string> {
    return new Set([...this.rows.values()].map(({ node }) => node));
  }

  assign(index: number, node: string): void {
    this.rows.set(index, { index, node, state: "assigned", since: 0 });
  }

  sent(index: number, now: number): void {
    const row = this.rows.get(index);
    if (row) this.rows.set(index, { ...row, state: "sent", since: now });
  }

  /** The index needs another node. */
  revoke(index: number): void {
    this.rows.delete(index);
  }

  /** Indexes that no node was chosen for. */
  vacant(): number[] {
    return Array.from({ length: FRAGMENTS }, (_, index) => index).filter((index) => !this.rows.has(index));
  }

  assigned(): Placement[] {
    return this.all().filter(({ state }) => state === "assigned");
  }

  awaited(): Placement[] {
    return this.all().filter(({ state }) => state === "sent");
  }

  /** Every index is with its node. */
  get complete(): boolean {
    return this.rows.size === FRAGMENTS && this.assigned().length === 0;
  }
}

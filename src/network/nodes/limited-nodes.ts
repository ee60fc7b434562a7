import type { ByteRange } from "../../model/byte-range.js";
import { Semaphore, SemaphoreFull } from "../../async/semaphore.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "./nodes.js";

export interface LimitedNodesComponents {
  readonly nodes: Nodes;
}

export interface LimitedNodesSettings {
  /** Fetches at a time, each of 8 MiB. */
  readonly fetches: number;
  /** Of these, from one node. */
  readonly fetchesPerNode: number;
  /** Ranged fetches at a time, mostly of some KiB. They have places of their own, so they do not wait for fragments. */
  readonly ranges: number;
  readonly rangesPerNode: number;
  /** Fetches of each sort that wait. One more is refused as `busy`. */
  readonly waiting: number;
}

export const LIMITED_NODES_DEFAULTS: LimitedNodesSettings = {
  fetches: 24,
  fetchesPerNode: 3,
  ranges: 24,
  rangesPerNode: 3,
  waiting: 128,
};

/**
 * Bounds how many fetches run. First come, first served, but callers whose node is full let others pass. Puts are
 * bounded where their fragments are made, in `distribution/transfer`, because a fragment that waits takes memory.
 */
export class LimitedNodes implements Nodes {
  private readonly fetches: Semaphore;
  private readonly ranges: Semaphore;

  constructor(
    private readonly components: LimitedNodesComponents,
    settings: Partial<LimitedNodesSettings> = {},
  ) {
    const { fetches, fetchesPerNode, ranges, rangesPerNode, waiting } = { ...LIMITED_NODES_DEFAULTS, ...settings };
    this.fetches = new Semaphore({ permits: fetches, permitsPerGroup: fetchesPerNode, waiting });
    this.ranges = new Semaphore({ permits: ranges, permitsPerGroup: rangesPerNode, waiting });
  }

  put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.components.nodes.put(node, fragment, bytes, signal);
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.limited(this.fetches, node, signal, () => this.components.nodes.get(node, fragment, signal));
  }

  getRange(node: NodeAddress, fragment: FragmentName, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    return this.limited(this.ranges, node, signal, () => this.components.nodes.getRange(node, fragment, range, signal));
  }

  private async limited<T>(
    places: Semaphore,
    node: NodeAddress,
    signal: AbortSignal | undefined,
    fetch: () => Promise<T>,
  ): Promise<T> {
    try {
      return await places.run(fetch, { group: node.account, signal });
    } catch (error) {
      if (error instanceof SemaphoreFull) throw new NodeFailure("busy", node, `${error.waiting} fetches wait already`);
      throw error;
    }
  }
}

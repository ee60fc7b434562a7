import type { Clock } from "../model/clock.js";
import type { Encoder } from "../encoding/encoder.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "../network/nodes/nodes.js";
import type { NodeScores } from "./node-scores.js";

/** The bytes a node gave are not the fragment that was asked for. */
export class WrongBytes extends Error {
  constructor(node: NodeAddress) {
    super(`${node.account} at ${node.endpoint}: the bytes do not have the fragment's hash`);
    this.name = "WrongBytes";
  }
}

export interface FetchCounts {
  fetches: number;
  fetchedBytes: number;
  wrongFragments: number;
  failedFetches: number;
}

/** Gets one fragment from one node, believes it only when it hashes right, and remembers how the node did. */
export class NodeFetcher {
  readonly counts: FetchCounts = { fetches: 0, fetchedBytes: 0, wrongFragments: 0, failedFetches: 0 };

  constructor(
    private readonly components: {
      readonly nodes: Nodes;
      readonly encoder: Encoder;
      readonly clock: Clock;
      readonly scores: NodeScores;
    },
    private readonly settings: { readonly attemptMs: number },
  ) {}

  /** Rejects with WrongBytes, NodeFailure, or the signal's reason. The bytes are the caller's own. */
  async fetch(node: NodeAddress, fragment: FragmentName, signal: AbortSignal): Promise<Uint8Array> {
    const { nodes, encoder, clock, scores } = this.components;
    const began = clock.now();
    this.counts.fetches++;
    try {
      const received = await this.#withDeadline(node, signal, (limited) => nodes.get(node, fragment, limited));
      const took = clock.now() - began;
      this.counts.fetchedBytes += received.length;
      const bytes = received.length === FRAGMENT_SIZE ? await encoder.verify(received, fragment.hash, { signal }) : undefined;
      if (!bytes) throw new WrongBytes(node);
      scores.succeeded(node.account, took);
      return bytes;
    } catch (error) {
      if (signal.aborted) scores.outrun(node.account, clock.now() - began);
      // Only what the node did counts against it, not our own queue being full.
      else if (error instanceof WrongBytes || error instanceof NodeFailure) this.#failed(node, error);
      throw error;
    }
  }

  #failed(node: NodeAddress, error: Error): void {
    this.components.scores.failed(node.account);
    this.counts.failedFetches++;
    if (error instanceof WrongBytes) this.counts.wrongFragments++;
  }

  /** A node that neither sends nor hangs up must not hold its place for ever. */
  async #withDeadline<T>(node: NodeAddress, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const attempt = new AbortController();
    const timer = new AbortController();
    const abandon = () => attempt.abort(signal.reason);
    signal.addEventListener("abort", abandon, { once: true });
    void this.components.clock.sleep(this.settings.attemptMs, timer.signal).then(
      () => attempt.abort(new NodeFailure("unreachable", node, `no fragment within ${this.settings.attemptMs} ms`)),
      () => undefined,
    );
    try {
      return await work(attempt.signal);
    } catch (error) {
      throw attempt.signal.aborted ? attempt.signal.reason : error;
    } finally {
      signal.removeEventListener("abort", abandon);
      timer.abort();
    }
  }
}

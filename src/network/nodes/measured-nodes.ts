import type { ByteRange } from "../../model/byte-range.js";
import type { Clock } from "../../model/clock.js";
import { ZERO_FRAGMENT_HASH } from "../../model/hash.js";
import { FRAGMENT_SIZE } from "../../model/sizes.js";
import type { PersistentNodeRegistry } from "./persistent-node-registry.js";
import type { Direction } from "./node-registry.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "./nodes.js";

export interface MeasuredNodesComponents {
  /** Straight to the network: waiting for a free place must not look like a slow node. */
  readonly nodes: Nodes;
  readonly registry: Pick<
    PersistentNodeRegistry,
    "admit" | "trialEnded" | "succeeded" | "gaveRange" | "failed" | "hedgedOut"
  >;
  readonly clock: Clock;
}

/**
 * Reports every transfer to the node registry, and refuses puts to nodes whose circuit is open. Gets are not refused: a
 * node that failed may hold the fourth fragment, so the caller decides by what the registry knows of it.
 */
export class MeasuredNodes implements Nodes {
  constructor(private readonly components: MeasuredNodesComponents) {}

  async put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { registry, nodes } = this.components;
    const circuit = registry.admit(node.account);
    if (circuit.kind === "open") {
      throw new NodeFailure(
        "circuit-open",
        node,
        `failed repeatedly, skipped until ${new Date(circuit.until).toISOString()}`,
      );
    }
    try {
      // The fragment of zeros is not sent: its time says nothing.
      const sent = fragment.hash === ZERO_FRAGMENT_HASH ? undefined : bytes.length;
      await this.measure(node, "put", sent, () => nodes.put(node, fragment, bytes, signal), signal);
    } finally {
      if (circuit.kind === "half-open") registry.trialEnded(node.account);
    }
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    const { nodes } = this.components;
    return this.measure(node, "get", FRAGMENT_SIZE, () => nodes.get(node, fragment, signal), signal);
  }

  /** Its time is not kept: what is measured of a node is how long it takes for whole fragments. */
  async getRange(
    node: NodeAddress,
    fragment: FragmentName,
    range: ByteRange,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const { nodes, registry } = this.components;
    const ranged = () => nodes.getRange(node, fragment, range, signal);
    const bytes = await this.measure(node, "get", undefined, ranged, signal);
    registry.gaveRange(node.account);
    return bytes;
  }

  /** `bytes`: what goes over the wire; undefined when the time is not to be learned from. */
  private async measure<T>(
    node: NodeAddress,
    direction: Direction,
    bytes: number | undefined,
    run: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { registry, clock } = this.components;
    signal?.throwIfAborted();
    const began = clock.now();
    try {
      const result = await run();
      if (bytes !== undefined) registry.succeeded(node.account, direction, bytes, clock.now() - began);
      return result;
    } catch (error) {
      // A time limit is the signal's reason and a failure of the node; any other abort only says how long it had.
      if (error instanceof NodeFailure) registry.failed(node.account, error.kind, error.message, began);
      else if (signal?.aborted === true) registry.hedgedOut(node.account, direction, clock.now() - began);
      throw error;
    }
  }
}

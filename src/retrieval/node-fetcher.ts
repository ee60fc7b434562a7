import { onAbort } from "../async/abort.js";
import { after } from "../async/timer.js";
import type { ByteRange } from "../model/byte-range.js";
import type { Clock } from "../model/clock.js";
import type { Encoder } from "../encoding/encoder.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "../network/nodes/nodes.js";
import { SharedWork } from "./shared-work.js";

/** A node sent bytes that are not the wanted fragment, or not a range of it. */
export class WrongBytes extends Error {
  constructor(node: NodeAddress) {
    super(`${node.account} at ${node.endpoint}: the bytes are not the fragment's`);
    this.name = "WrongBytes";
  }
}

export interface FetchCounts {
  fetches: number;
  fetchedBytes: number;
  rangedFetches: number;
  rangedBytes: number;
  wrongFragments: number;
  failedFetches: number;
}

export interface Fetched {
  readonly bytes: Uint8Array;
  /** Whether they were hashed. */
  readonly verified: boolean;
}

/**
 * Gets one fragment from one node and believes it only when it hashes right. Tells the registry of corrupt bytes; how
 * transfers went is told by MeasuredNodes.
 */
export class NodeFetcher {
  readonly counts: FetchCounts = {
    fetches: 0,
    fetchedBytes: 0,
    rangedFetches: 0,
    rangedBytes: 0,
    wrongFragments: 0,
    failedFetches: 0,
  };
  /** Shared, because a race may want a fragment that a reader is fetching at the same time. */
  private readonly underWay = new SharedWork<Fetched>();
  /** Those under way that must be hashed when they arrive. */
  private readonly believed = new Set<string>();
  /** Those that have arrived and are being hashed. */
  private readonly arrived = new Set<string>();

  constructor(
    private readonly components: {
      readonly nodes: Nodes;
      readonly encoder: Encoder;
      readonly clock: Clock;
      readonly registry: Pick<NodeRegistry, "gaveCorrupt">;
    },
    private readonly settings: { readonly attemptMs: number },
  ) {}

  /**
   * Rejects with WrongBytes, NodeFailure, or the signal's reason. All callers that ask for the fragment at the same
   * time share the bytes, which must be neither changed nor transferred.
   */
  async fetch(node: NodeAddress, fragment: FragmentName, signal: AbortSignal): Promise<Uint8Array> {
    this.believed.add(keyOf(node, fragment));
    const {
      result: { bytes, verified },
      shared,
    } = await this.join(node, fragment, signal);
    return verified ? bytes : this.verify(node, fragment, shared ? new Uint8Array(bytes) : bytes, signal);
  }

  /**
   * As `fetch`, but as an input for reconstruction. The result of that is hashed, so this fragment is hashed only if
   * another caller wants it for itself. The caller owns the bytes: they are copied if they are shared.
   */
  async fetchInput(node: NodeAddress, fragment: FragmentName, signal: AbortSignal): Promise<Fetched> {
    const { result, shared } = await this.join(node, fragment, signal);
    return shared ? { ...result, bytes: new Uint8Array(result.bytes) } : result;
  }

  /**
   * The bytes, which are given away, if they are the fragment. Rejects with WrongBytes otherwise, and tells the
   * registry.
   */
  async verify(
    node: NodeAddress,
    fragment: FragmentName,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const good =
      bytes.length === FRAGMENT_SIZE
        ? await this.components.encoder.verify(bytes, fragment.hash, signal && { signal })
        : undefined;
    if (good) return good;
    throw this.gaveWrong(node);
  }

  /** Just these bytes, not verified. Rejects with NodeFailure, WrongBytes (wrong length), or the signal's reason. */
  async fetchRange(
    node: NodeAddress,
    fragment: FragmentName,
    { start, end }: ByteRange,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    this.counts.rangedFetches++;
    try {
      const bytes = await this.withDeadline(node, signal, (limited) =>
        this.components.nodes.getRange(node, fragment, { start, end }, limited),
      );
      this.counts.rangedBytes += bytes.length;
      if (bytes.length !== end - start) throw this.gaveWrong(node);
      return bytes;
    } catch (error) {
      if (!signal.aborted && error instanceof NodeFailure) this.counts.failedFetches++;
      throw error;
    }
  }

  /** Tells the registry that the node gave wrong bytes. Returns the error for that. */
  gaveWrong(node: NodeAddress): WrongBytes {
    this.components.registry.gaveCorrupt(node.account);
    this.counts.failedFetches++;
    this.counts.wrongFragments++;
    return new WrongBytes(node);
  }

  /**
   * Whether the node has sent the whole fragment, which is only being hashed. A wait for that is not the node's fault.
   */
  hasArrived(node: NodeAddress, fragment: FragmentName): boolean {
    return this.arrived.has(keyOf(node, fragment));
  }

  private join(node: NodeAddress, fragment: FragmentName, signal: AbortSignal) {
    return this.underWay.join(keyOf(node, fragment), (shared) => this.fetchNow(node, fragment, shared), signal);
  }

  private async fetchNow(node: NodeAddress, fragment: FragmentName, signal: AbortSignal): Promise<Fetched> {
    const key = keyOf(node, fragment);
    this.counts.fetches++;
    try {
      const received = await this.withDeadline(node, signal, (limited) =>
        this.components.nodes.get(node, fragment, limited),
      );
      this.arrived.add(key);
      this.counts.fetchedBytes += received.length;
      if (received.length === FRAGMENT_SIZE && !this.believed.has(key)) return { bytes: received, verified: false };
      return { bytes: await this.verify(node, fragment, received, signal), verified: true };
    } catch (error) {
      if (!signal.aborted && error instanceof NodeFailure) this.counts.failedFetches++;
      throw error;
    } finally {
      this.believed.delete(key);
      this.arrived.delete(key);
    }
  }

  /** A node that neither sends nor hangs up must not hold its place forever. */
  private async withDeadline<T>(
    node: NodeAddress,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const attempt = new AbortController();
    const { attemptMs } = this.settings;
    const stopListening = onAbort(signal, (reason) => attempt.abort(reason));
    const cancelTimer = after(this.components.clock, attemptMs, () =>
      attempt.abort(new NodeFailure("unreachable", node, `no fragment within ${attemptMs} ms`)),
    );
    try {
      return await work(attempt.signal);
    } catch (error) {
      throw attempt.signal.aborted ? attempt.signal.reason : error;
    } finally {
      stopListening();
      cancelTimer();
    }
  }
}

function keyOf({ account }: NodeAddress, { fid, hash }: FragmentName): string {
  return `${account} ${fid} ${hash}`;
}

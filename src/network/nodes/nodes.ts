import type { CessAccount } from "../../model/account.js";
import type { ByteRange } from "../../model/byte-range.js";
import type { Fid, Hash } from "../../model/hash.js";

/** Where a storage node is reached. */
export interface NodeAddress {
  readonly account: CessAccount;
  /** Base URL, from the chain; checked against the endpoint policy (no private networks unless allowed). */
  readonly endpoint: string;
}

/** Speaks the miner HTTP with storage nodes. Adapters neither retry nor hash: that is for decorators and callers. */
export interface Nodes {
  /** Sends one fragment of 8 MiB. Resolves when the node has accepted it. Sending it again is harmless. */
  put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** The fragment's 8 MiB as the node gives them, not verified: the caller hashes them. */
  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Just these bytes of the fragment (at least one, within its 8 MiB) as the node gives them, not verified. Fails with
   * `no-ranges` when the node gives other bytes than it was asked for.
   */
  getRange(node: NodeAddress, fragment: FragmentName, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Asks storage nodes whether they are there. */
export interface NodeStatus {
  /** Resolves when the node answers, whatever it says of itself; rejects with NodeFailure or the signal's reason. */
  status(node: NodeAddress, signal?: AbortSignal): Promise<void>;
}

export interface FragmentName {
  readonly fid: Fid;
  readonly hash: Hash;
}

/**
 * `unreachable`: no answer, or a broken one. `refused`: the node refused (its text is the message). `missing`: the node
 * does not hold the fragment. `no-ranges`: it gives whole fragments only. `circuit-open`: skipped for a while after
 * failures. `busy`: too many of this gateway's own transfers wait; says nothing of the node. `forbidden-endpoint`: the
 * policy forbids to connect there.
 */
export class NodeFailure extends Error {
  constructor(
    readonly kind: "unreachable" | "refused" | "missing" | "no-ranges" | "circuit-open" | "busy" | "forbidden-endpoint",
    readonly node: NodeAddress,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${node.account} at ${node.endpoint}: ${message}`, options);
    this.name = "NodeFailure";
  }

  /** Whether the node was silent for too long. */
  get timedOut(): boolean {
    const { code } = (this.cause ?? {}) as { readonly code?: unknown };
    return typeof code === "string" && /TIMEOUT|ETIMEDOUT/.test(code);
  }
}

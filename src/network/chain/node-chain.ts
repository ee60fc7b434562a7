import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import type { ChainDeal, ChainEvent, ChainFile, ChainNode } from "./chain.js";

/**
 * What one storage node needs of the CESS chain. The account is the node's own. Every call rejects with
 * ChainUnavailable when no endpoint answers within the configured time, and with its signal's reason. Submitting calls
 * wait until the extrinsic is in a finalized block, and fail as those of `Chain` do: ChainRefusal, ExtrinsicLost.
 */
export interface NodeChain {
  /** The storage node's account, which signs and reports. */
  readonly account: CessAccount;
  /** True while connected and synced to a node. */
  readonly connected: boolean;
  /** What the chain says of this node; undefined when it is not registered. Only state `positive` may report. */
  state(): Promise<ChainNode | undefined>;
  /** The pending deal, if there is one: index i (0…11) is made of `segments[*].fragments[i]`, in segment order. */
  deal(fid: Fid): Promise<ChainDeal | undefined>;
  /** The stored file, if there is one: the fragments this node must keep are those whose `node` is its account. */
  file(fid: Fid): Promise<ChainFile | undefined>;
  /**
   * Submits fileBank.transferReport: this node holds all fragments of `index` (0…11; the chain's 1…12 appears nowhere).
   * Rejects with ChainRefusal fileBank.Existed when the index, or this node, is in the deal already (read the deal to
   * tell which), fileBank.NonExistent when there is no such deal, sminer.NotMiner when this node is not registered,
   * fileBank.MinerStateError or the like when it is not positive.
   */
  report(index: number, fid: Fid, signal?: AbortSignal): Promise<void>;
  /** Submits sminer.regnstk with the stake the space asks for. Rejects with ChainRefusal when already registered. */
  register(registration: NodeRegistration, signal?: AbortSignal): Promise<void>;
  /** Submits the change of the endpoint alone. At most 100 bytes, 38 where the chain still says peer_id: RangeError. */
  updateEndpoint(endpoint: string, signal?: AbortSignal): Promise<void>;
  /** As `Chain.watch`: every deal event of finalized blocks in order, `{kind:"gap"}` when some may have been missed. */
  watch(listener: (event: ChainEvent) => void): () => void;
  /** sr25519 signature by this node's account: 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  /**
   * Whether `signature` (64 bytes) is `account`'s sr25519 signature of `message`, either bare or wrapped in
   * `<Bytes>…</Bytes>` as wallets sign. False for anything malformed; never throws.
   */
  verify(account: CessAccount, message: Uint8Array, signature: Uint8Array): boolean;
  close(): Promise<void>;
}

export interface NodeRegistration {
  /** URL under which other participants reach this node's HTTP server. */
  readonly endpoint: string;
  /** Space the node declares, in whole TiB; the stake grows with it. */
  readonly spaceTib: number;
  /** Who receives rewards; the node's own account when absent. */
  readonly beneficiary?: CessAccount;
}

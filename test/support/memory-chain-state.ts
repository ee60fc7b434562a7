import type { Fid } from "../../src/model/hash.js";
import {
  ChainRefusal,
  type ChainDeal,
  type ChainEvent,
  type ChainFile,
  type ChainNode,
  type SignedExtrinsic,
  type Territory,
} from "../../src/network/chain/chain.js";

export interface MemoryChainSettings {
  /** Whose rules: of the testnet's genesis runtime or of today's. */
  readonly spec: 100 | 133;
  /** Blocks between best and finalized. */
  readonly finalityLag: number;
  /** Blocks for which an extrinsic may be included. */
  readonly era: number;
}

export interface Space {
  total: bigint;
  used: bigint;
  locked: bigint;
  state: Territory["state"];
}

export interface State {
  block: number;
  nonce: number;
  readonly deals: Map<Fid, ChainDeal>;
  readonly files: Map<Fid, ChainFile>;
  readonly territories: Map<string, Space>;
  readonly authorizers: Set<string>;
  readonly nodes: Map<string, ChainNode>;
}

export type Event = Exclude<ChainEvent, { kind: "gap" }>;
export type EventKind = Event["kind"];

export interface Pending {
  /** The gateway's; undefined for a storage node's own call. */
  readonly signed?: SignedExtrinsic;
  readonly apply: (state: State) => EventKind;
  readonly fid: Fid;
  /** With the block that it is in, once that is final. */
  readonly settle: (outcome: Error | number) => void;
  /** Dropped from the pool without a word: it holds no nonce and ends with its era. */
  lost?: boolean;
  /** Names the bytes, where several gateways may send them. */
  readonly hex?: string;
  /** Nobody waits to hear what becomes of it. */
  forsaken?: boolean;
}

/** Something included, whose block is not final yet. */
export interface Included {
  readonly block: number;
  readonly pending: Pending;
  readonly done: () => void;
}

/** A copy to change: territories are changed in place, everything else is replaced. */
export function nextState({ block, nonce, deals, files, territories, authorizers, nodes }: State): State {
  return {
    block: block + 1,
    nonce,
    deals: new Map(deals),
    files: new Map(files),
    authorizers: new Set(authorizers),
    nodes: new Map(nodes),
    territories: new Map([...territories].map(([name, space]) => [name, { ...space }])),
  };
}

export const refuse = (section: string, reason: string): never => {
  throw new ChainRefusal(section, reason);
};

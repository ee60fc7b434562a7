/**
 * A storage node that may take a fragment of the file: registered, positive, reachable, with enough space and without
 * another index of the file.
 */
export interface Candidate {
  /** SS58 address. */
  readonly account: string;
  /** Base URL. */
  readonly endpoint: string;
  /** /16 of an IPv4 endpoint, /32 of an IPv6 one, else the host's name. */
  readonly network: string;
  /** The account that receives its earnings, if the chain names one. */
  readonly operator?: string;
  /** Bytes. */
  readonly idleSpace: bigint;
  /** Above 0, at most 1: how well it has served this gateway; 1 for one that is not known yet. */
  readonly quality: number;
  /** It took fragments of this file before and did not report them. */
  readonly disappointed: boolean;
}

/** A fragment index of the file that has its node already. */
export interface PlacedIndex {
  readonly index: number;
  readonly account: string;
  /** Undefined when the node is not registered any more. */
  readonly network?: string;
  readonly operator?: string;
}

export interface PolicyRequest {
  /** Fragment indexes (0…11) that need a node. */
  readonly indexes: readonly number[];
  readonly candidates: readonly Candidate[];
  readonly placed: readonly PlacedIndex[];
  /** Bytes that one node takes for one index: 8 MiB for every segment. */
  readonly batchBytes: bigint;
  /** Uniform in [0, 1). The only source of randomness allowed: the same request and seed must give the same choice. */
  readonly random: () => number;
}

export interface PolicyChoice {
  /** Fragment index → account. An index that is left out gets no node now, and is tried again later. */
  readonly assigned: ReadonlyMap<number, string>;
  /** Why indexes were left out, as text for the operator and the file's owner. */
  readonly unsatisfied?: string;
}

/**
 * Chooses storage nodes for the fragment indexes of one file. A choice that gives a node two indexes of a file, or
 * names a node that is not a candidate, is dropped and reported.
 */
export interface PlacementPolicy {
  /** Name in reports. */
  readonly name: string;
  /** Must be pure and quick: it is called for every file, and again for every node that fails. */
  choose(request: PolicyRequest): PolicyChoice;
}

/** What placement must know of a storage node. */
export interface PlaceableNode {
  readonly account: string;
  /** Base URL as the node's owner wrote it. */
  readonly endpoint: string;
  /** Only positive nodes may report; others are passed over. */
  readonly state: string;
  /** Bytes. */
  readonly idleSpace: bigint;
}

export interface PlacementRequest {
  /** Fragment indexes (0…11) that need a node, in the order in which they get one. */
  readonly indexes: readonly number[];
  readonly nodes: readonly PlaceableNode[];
  /** Bytes that one node takes for one index: 8 MiB for every segment. */
  readonly batchBytes: bigint;
  /** Accounts that hold, are promised or have reported another index of this file: never again for it. */
  readonly taken: ReadonlySet<string>;
  /** Accounts that failed just now: not this time. */
  readonly excluded: ReadonlySet<string>;
  /** Accounts that disappointed before (took fragments and did not report): only where nobody else is left. */
  readonly avoided: ReadonlySet<string>;
  /** Uniform in [0, 1): seeded in tests and simulations. */
  readonly random: () => number;
}

export interface PlacementDecision {
  /** Fragment index → account. No account twice, none of `taken` or `excluded`. */
  readonly assigned: ReadonlyMap<number, string>;
  /** In words, what could not be satisfied; undefined when every index has a node. */
  readonly unsatisfied?: string;
}

/**
 * Which storage node takes which fragment index. "One index a miner, one miner an index; the miner must be positive
 * with enough idle space." Nodes are drawn at random without replacement, weighted by idle space, so that files spread
 * as the free space does. Pure: the same request and random sequence give the same decision.
 */
export function place(request: PlacementRequest): PlacementDecision {
  const { indexes, nodes, batchBytes, taken, excluded, avoided, random } = request;
  const positive = nodes.filter((node) => node.state === "positive");
  const reachable = positive.filter((node) => isHttpUrl(node.endpoint));
  const roomy = reachable.filter((node) => node.idleSpace >= batchBytes);
  const free = roomy.filter((node) => !taken.has(node.account));
  const eligible = free.filter((node) => !excluded.has(node.account));

  const drawn = eligible
    .map((node) => ({ account: node.account, avoided: avoided.has(node.account), key: drawKey(node, random) }))
    .sort((a, b) => Number(a.avoided) - Number(b.avoided) || b.key - a.key);
  const assigned = new Map<number, string>();
  indexes.forEach((index, position) => {
    const choice = drawn[position];
    if (choice) assigned.set(index, choice.account);
  });
  if (assigned.size === indexes.length) return { assigned };

  const parts = [
    `${nodes.length - positive.length} not positive`,
    `${positive.length - reachable.length} without a usable endpoint`,
    `${reachable.length - roomy.length} with less than ${batchBytes} bytes idle`,
    `${roomy.length - free.length} holding another index of this file`,
    `${free.length - eligible.length} failed just now`,
  ];
  return {
    assigned,
    unsatisfied:
      `${indexes.length} fragment indexes need a storage node each, ${eligible.length} can be had: ` +
      `of ${nodes.length} registered nodes ${parts.join(", ")}`,
  };
}

/**
 * The largest keys win: random^(1/weight) is a weighted draw without replacement (Efraimidis and Spirakis), written
 * as a logarithm because weights are large. Weight is the idle space in MiB.
 */
function drawKey(node: PlaceableNode, random: () => number): number {
  const weight = Math.max(1, Number(node.idleSpace >> 20n));
  return Math.log(1 - random()) / weight;
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && hostname !== "";
}

import { nodeNetwork } from "./node-network.js";
import type { Candidate, PlacedIndex, PlacementPolicy, PolicyChoice } from "./placement-policy.js";
import type { PlacementWish } from "./placement-tags.js";
import { seededDraw } from "./seeded-draw.js";

/** A storage node, as placement needs it. */
export interface PlaceableNode {
  readonly account: string;
  /** Base URL as the node's owner wrote it. */
  readonly endpoint: string;
  /** Only nodes in state `positive` may report; others are skipped. */
  readonly state: string;
  /** Bytes. */
  readonly idleSpace: bigint;
  readonly operator?: string;
  /** 1 when absent. */
  readonly quality?: number;
  /** Present while the node is skipped after failures. */
  readonly openUntil?: number;
}

export interface PlacementRequest {
  /** Fragment indexes (0…11) that need a node, in the order in which they get one. */
  readonly indexes: readonly number[];
  readonly nodes: readonly PlaceableNode[];
  readonly policy: PlacementPolicy;
  /** The only source of randomness: the same request gives the same decision. */
  readonly seed: number;
  /** Bytes that one node takes for one index: 8 MiB for every segment. */
  readonly batchBytes: bigint;
  /**
   * Index → account that is assigned it, holds it or has reported it. These accounts get no other index of this file.
   */
  readonly placed: ReadonlyMap<number, string>;
  /** Accounts that failed just now and are skipped this time. */
  readonly excluded: ReadonlySet<string>;
  /** Which nodes the file's bucket wants; all by default. */
  readonly wish?: PlacementWish | undefined;
  /** Accounts that took fragments before and did not report them. Used only if no others are left. */
  readonly avoided: ReadonlySet<string>;
}

export interface PlacementDecision {
  /** Fragment index → account. No account twice, none that is placed or excluded. */
  readonly assigned: ReadonlyMap<number, string>;
  /** What could not be satisfied, as text; undefined when every index has a node. */
  readonly unsatisfied?: string;
}

/**
 * Decides which storage node takes which fragment index. CESS's rule: a node gets one index of a file and an index goes
 * to one node, which must be positive with enough idle space. The rule is enforced around every policy: a policy sees
 * only eligible nodes, and its choice is checked. Pure.
 */
export function place(request: PlacementRequest): PlacementDecision {
  const { indexes, nodes, batchBytes, placed, excluded, policy, wish } = request;
  const holders = new Set(placed.values());
  const positive = nodes.filter((node) => node.state === "positive");
  const reachable = positive.filter((node) => isHttpUrl(node.endpoint));
  const roomy = reachable.filter((node) => node.idleSpace >= batchBytes);
  const free = roomy.filter((node) => !holders.has(node.account));
  const wanted = free.filter((node) => wish?.takes(node) !== false);
  const sound = wanted.filter((node) => !excluded.has(node.account));
  const eligible = sound.filter((node) => node.openUntil === undefined);

  const choice = ask(request, eligible);
  const { assigned, breach } = checked(choice, request, eligible);
  if (assigned.size === indexes.length) return { assigned };
  const parts = [
    `${nodes.length - positive.length} not positive`,
    `${positive.length - reachable.length} without a usable endpoint`,
    `${reachable.length - roomy.length} with less than ${batchBytes} bytes idle`,
    `${roomy.length - free.length} holding another index of this file`,
    ...(wish ? [`${free.length - wanted.length} not as the bucket's tags want it (${wish.text})`] : []),
    `${wanted.length - sound.length} failed just now`,
    ...(sound.length > eligible.length ? [`${sound.length - eligible.length} skipped after failures`] : []),
    ...(choice.unsatisfied === undefined ? [] : [choice.unsatisfied]),
    ...(breach === undefined ? [] : [`the placement policy ${policy.name} ${breach}, which was ignored`]),
  ];
  return {
    assigned,
    unsatisfied:
      `${indexes.length} fragment indexes need a storage node each, ${assigned.size} can be had: ` +
      `of ${nodes.length} registered nodes ${parts.join(", ")}`,
  };
}

function ask(
  { indexes, nodes, placed, avoided, batchBytes, policy, seed }: PlacementRequest,
  eligible: readonly PlaceableNode[],
): PolicyChoice {
  const byAccount = new Map(nodes.map((node) => [node.account, node]));
  const holders = [...placed].map(([index, account]): PlacedIndex => {
    const node = byAccount.get(account);
    const network = node && nodeNetwork(node.endpoint);
    return {
      index,
      account,
      ...(network !== undefined && { network }),
      ...(node?.operator !== undefined && { operator: node.operator }),
    };
  });
  const candidates = eligible.map(({ account, endpoint, idleSpace, operator, quality = 1 }): Candidate => ({
    account,
    endpoint,
    network: nodeNetwork(endpoint) ?? endpoint,
    idleSpace,
    quality,
    disappointed: avoided.has(account),
    ...(operator !== undefined && { operator }),
  }));
  try {
    return policy.choose({ indexes, candidates, placed: holders, batchBytes, random: seededDraw(seed) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { assigned: new Map(), unsatisfied: `the placement policy ${policy.name} failed: ${message}` };
  }
}

/** The part of the policy's choice that keeps the rule. `breach`: the first violation. */
function checked(
  choice: PolicyChoice,
  { indexes }: PlacementRequest,
  eligible: readonly PlaceableNode[],
): { assigned: Map<number, string>; breach?: string } {
  const left = new Set(eligible.map(({ account }) => account));
  const assigned = new Map<number, string>();
  let breach: string | undefined;
  for (const [index, account] of choice.assigned) {
    if (!indexes.includes(index)) breach ??= `chose a node for index ${index}, which needs none`;
    else if (left.delete(account)) assigned.set(index, account);
    else breach ??= `gave index ${index} to ${account}, which is no candidate or has an index already`;
  }
  return { assigned, ...(breach !== undefined && { breach }) };
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && hostname !== "";
}

import type { Candidate, PlacedIndex } from "./placement-policy.js";

export interface SpreadLimits {
  /** Limit of a file's fragment indexes in one network (the /16 of an IPv4 endpoint, for example). */
  readonly perNetwork?: number;
  /**
   * Limit of a file's fragment indexes with one operator. A node without a known operator counts as an operator of its
   * own.
   */
  readonly perOperator?: number;
}

/** A node as an edge between its network and its operator: it takes a place of each. */
interface Edge {
  readonly node: Candidate;
  readonly ends: readonly [network: string, operator: string];
}

/**
 * Chooses up to `wanted` of the candidates, in order of preference, within the limits and with what is placed already.
 * Finds as many as the limits allow. With both limits this is a bipartite matching of networks and operators, for which
 * taking each node that fits is not enough, so augmenting paths are searched for.
 */
export function spread(
  candidates: readonly Candidate[],
  placed: readonly PlacedIndex[],
  wanted: number,
  limits: SpreadLimits,
): Candidate[] {
  const room = new Room(placed, limits);
  const chosen = new Set<Edge>();
  const passed: Edge[] = [];
  for (const node of candidates) {
    if (chosen.size === wanted) break;
    const edge: Edge = { node, ends: [`network ${node.network}`, `operator ${node.operator ?? node.account}`] };
    if (edge.ends.every((end) => room.left(end) > 0)) chosen.add(taken(edge, room, 1));
    else passed.push(edge);
  }
  while (chosen.size < wanted) {
    const path = exchanges(chosen, passed, room);
    if (!path) break;
    for (const edge of path) {
      if (chosen.delete(edge)) passed.push(taken(edge, room, -1));
      else {
        passed.splice(passed.indexOf(edge), 1);
        chosen.add(taken(edge, room, 1));
      }
    }
  }
  return [...chosen].map(({ node }) => node);
}

function taken(edge: Edge, room: Room, places: 1 | -1): Edge {
  for (const end of edge.ends) room.take(end, places);
  return edge;
}

/** Indexes that each network and each operator may still get. */
class Room {
  private readonly used = new Map<string, number>();

  constructor(
    placed: readonly PlacedIndex[],
    private readonly limits: SpreadLimits,
  ) {
    for (const { account, network, operator } of placed) {
      if (network !== undefined) this.take(`network ${network}`, 1);
      this.take(`operator ${operator ?? account}`, 1);
    }
  }

  take(end: string, places: number): void {
    this.used.set(end, (this.used.get(end) ?? 0) + places);
  }

  left(end: string): number {
    const limit = end.startsWith("network ") ? this.limits.perNetwork : this.limits.perOperator;
    return (limit ?? Infinity) - (this.used.get(end) ?? 0);
  }
}

/**
 * A shortest augmenting path: from a network with room to an operator with room, alternating between edges to add and
 * edges to remove. Undefined when there is none; then the choice has the maximum size.
 */
function exchanges(chosen: ReadonlySet<Edge>, passed: readonly Edge[], room: Room): Edge[] | undefined {
  const cameBy = new Map<string, readonly Edge[]>();
  let frontier = [...new Set(passed.map(({ ends }) => ends[0]))].filter((network) => room.left(network) > 0);
  for (const network of frontier) cameBy.set(network, []);
  while (frontier.length > 0) {
    const next: string[] = [];
    for (const end of frontier) {
      const side = end.startsWith("network ") ? 0 : 1;
      const path = cameBy.get(end) ?? [];
      if (side === 1 && room.left(end) > 0) return [...path];
      for (const edge of side === 0 ? passed : chosen) {
        const other = edge.ends[1 - side];
        if (edge.ends[side] !== end || other === undefined || cameBy.has(other)) continue;
        cameBy.set(other, [...path, edge]);
        next.push(other);
      }
    }
    frontier = next;
  }
  return undefined;
}

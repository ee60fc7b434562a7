import type { Candidate, PlacementPolicy, PolicyChoice, PolicyRequest } from "./placement-policy.js";
import { spread, type SpreadLimits } from "./placement-spread.js";

/** The operator's rules, which all apply together. Without rules, nodes are drawn at random. */
export interface PlacementRules extends SpreadLimits {
  /** Accounts that get fragments before all others. */
  readonly prefer?: ReadonlySet<string>;
  /** If given, only these accounts get fragments. */
  readonly require?: ReadonlySet<string>;
  /** Accounts that get no fragments. */
  readonly avoid?: ReadonlySet<string>;
}

/**
 * The built-in policy. Nodes are drawn without replacement, weighted by idle space and quality, so that files spread
 * like the free space and good nodes get more. Rules restrict the draw and are always kept.
 */
export function rulesPolicy(rules: PlacementRules = {}): PlacementPolicy {
  return { name: "rules", choose: (request) => choose(rules, request) };
}

function choose(rules: PlacementRules, { indexes, candidates, placed, random }: PolicyRequest): PolicyChoice {
  const wanted = candidates.filter(({ account }) => rules.avoid?.has(account) !== true);
  const allowed = wanted.filter(({ account }) => rules.require?.has(account) !== false);
  const drawn = allowed
    .map((node) => ({ node, preferred: rules.prefer?.has(node.account) === true, key: drawKey(node, random) }))
    .sort(
      (a, b) =>
        Number(a.node.disappointed) - Number(b.node.disappointed) ||
        Number(b.preferred) - Number(a.preferred) ||
        b.key - a.key,
    )
    .map(({ node }) => node);
  const chosen = spread(drawn, placed, indexes.length, rules);
  const assigned = new Map<number, string>();
  indexes.forEach((index, position) => {
    const node = chosen[position];
    if (node) assigned.set(index, node.account);
  });
  if (assigned.size === indexes.length) return { assigned };
  const reasons = [
    count(candidates.length - wanted.length, "to be avoided"),
    count(wanted.length - allowed.length, "not among the required ones"),
    count(allowed.length - chosen.length, spreadText(rules)),
  ].filter((reason) => reason !== undefined);
  return { assigned, ...(reasons.length > 0 && { unsatisfied: `by the placement rules ${reasons.join(", ")}` }) };
}

function count(number: number, what: string): string | undefined {
  return number === 0 ? undefined : `${number} ${what}`;
}

function spreadText({ perNetwork, perOperator }: SpreadLimits): string {
  const limits = [
    ...(perNetwork === undefined ? [] : [`${perNetwork} in one network`]),
    ...(perOperator === undefined ? [] : [`${perOperator} of one operator`]),
  ];
  return `beyond ${limits.join(" or ")}`;
}

/**
 * The largest keys win. random^(1/weight) is a weighted draw without replacement (Efraimidis and Spirakis), written as
 * a logarithm because weights are large. The weight is the idle space in MiB times the quality.
 */
function drawKey({ idleSpace, quality }: Candidate, random: () => number): number {
  const weight = Math.max(1, Number(idleSpace >> 20n)) * quality;
  return Math.log(1 - random()) / weight;
}

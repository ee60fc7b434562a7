import { listOf } from "./format.js";
import type { Pairs } from "./pairs.js";

/** Which storage nodes a bucket's owner wants, as its tags have it: docs/placement.md. */
export interface Placement {
  /** Names of the operator's regions. */
  readonly regions: readonly string[];
  /** Accounts of nodes. */
  readonly nodes: readonly string[];
}

const REGIONS = "cess-regions";
const NODES = /^cess-nodes(?:-[2-9])?$/;
const MAX_NODE_TAGS = 9;
/** Characters of a tag's value. */
const MAX_VALUE = 256;

/** What the tags choose, and the tags that choose nothing. */
export function placementOf(tags: Pairs): { chosen: Placement; others: Pairs } {
  const valuesOf = (is: (key: string) => boolean) =>
    tags.filter(([key]) => is(key)).flatMap(([, value]) => listOf(value));
  return {
    chosen: { regions: valuesOf((key) => key === REGIONS), nodes: valuesOf((key) => NODES.test(key)) },
    others: tags.filter(([key]) => key !== REGIONS && !NODES.test(key)),
  };
}

/** Tags that choose it; undefined where it is more than tags hold. */
export function placementTags({ regions, nodes }: Placement): Pairs | undefined {
  const values: string[] = [];
  for (const node of nodes) {
    const longer = `${values.at(-1) ?? ""} ${node}`.trim();
    if (longer.length > MAX_VALUE || values.length === 0) values.push(node);
    else values[values.length - 1] = longer;
  }
  const wanted = regions.join(" ");
  if (values.length > MAX_NODE_TAGS || [wanted, ...values].some(({ length }) => length > MAX_VALUE)) return undefined;
  return [
    ...(wanted === "" ? [] : ([[REGIONS, wanted]] as const)),
    ...values.map((value, at) => [at === 0 ? "cess-nodes" : `cess-nodes-${at + 1}`, value] as const),
  ];
}

// A placement policy: at most one fragment of a file with each operator, the best nodes first. See docs/placement.md.
// Use it with `placement: { module: ./one-operator-each.mjs }` in the configuration.

/** @type {import("../dist/src/model/placement-policy.js").PlacementPolicy} */
export const policy = {
  name: "one-operator-each",

  choose({ indexes, candidates, placed, random }) {
    // A node whose operator is not known is an operator by itself.
    const operatorOf = (node) => node.operator ?? node.account;
    const served = new Set(placed.map(operatorOf));
    // A little chance, or the best nodes would get everything until they are full.
    const ranked = candidates
      .map((node) => ({ node, rank: (node.disappointed ? 0 : 1) + node.quality * random() }))
      .sort((a, b) => b.rank - a.rank)
      .map(({ node }) => node);

    const assigned = new Map();
    for (const index of indexes) {
      const node = ranked.find((candidate) => !served.has(operatorOf(candidate)));
      if (node === undefined) break;
      served.add(operatorOf(node));
      assigned.set(index, node.account);
    }
    if (assigned.size === indexes.length) return { assigned };
    return { assigned, unsatisfied: `only ${assigned.size} operators are left for ${indexes.length} fragments` };
  },
};

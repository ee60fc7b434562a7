import { expect } from "chai";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { placementPolicy } from "../../../src/cli/gateway/placement.js";
import { nodeNetwork } from "../../../src/model/node-network.js";
import { place, type PlaceableNode, type PlacementRequest } from "../../../src/model/placement.js";
import type { PlacementPolicy } from "../../../src/model/placement-policy.js";
import { rulesPolicy, type PlacementRules } from "../../../src/model/placement-rules.js";
import { GIB } from "../../../src/model/sizes.js";

const node = (n: number, changes: Partial<PlaceableNode> = {}): PlaceableNode => ({
  account: `node${n}`,
  endpoint: `http://10.${n}.0.1:15001`,
  state: "positive",
  idleSpace: BigInt(GIB),
  ...changes,
});
const nodes = (count: number, change: (n: number) => Partial<PlaceableNode> = () => ({})) =>
  Array.from({ length: count }, (_, n) => node(n, change(n)));
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const request = (changes: Partial<PlacementRequest> = {}): PlacementRequest => ({
  indexes: indexes(12),
  nodes: nodes(14),
  batchBytes: 1n,
  placed: new Map(),
  excluded: new Set(),
  avoided: new Set(),
  policy: rulesPolicy(),
  seed: 7,
  ...changes,
});
const accounts = (...numbers: number[]) => new Set(numbers.map((n) => `node${n}`));
const chosen = (rules: PlacementRules, changes: Partial<PlacementRequest> = {}) => {
  const decision = place(request({ policy: rulesPolicy(rules), ...changes }));
  return { accounts: [...decision.assigned.values()], unsatisfied: decision.unsatisfied };
};

describe("Placement policies", () => {
  it("draws nodes by measured quality as well as by idle space", () => {
    const pair = [node(1, { quality: 1 }), node(2, { quality: 0.25 })];
    let first = 0;
    for (let seed = 0; seed < 4_000; seed++)
      if (place(request({ nodes: pair, indexes: [0], seed })).assigned.get(0) === "node1") first++;
    expect(first / 4_000).to.be.closeTo(0.8, 0.05);
  });

  it("gives nothing to a node that cools, and says so when it is missed", () => {
    const cooling = nodes(12, (n) => (n < 2 ? { openUntil: 1 } : {}));
    const decision = place(request({ nodes: cooling }));
    expect(decision.assigned.size).to.equal(10);
    expect(decision.unsatisfied).to.include("2 skipped after failures");
  });

  it("gives preferred nodes fragments first, and others what is left", () => {
    const prefer = accounts(2, 5, 9);
    for (let seed = 0; seed < 50; seed++) {
      expect(chosen({ prefer }, { indexes: [3, 4], seed }).accounts.every((account) => prefer.has(account))).to.equal(
        true,
      );
      expect(chosen({ prefer }, { seed }).accounts)
        .to.include.members([...prefer])
        .and.to.have.length(12);
    }
  });

  it("uses no other than required nodes, and reports what they cannot hold", () => {
    const { accounts: got, unsatisfied } = chosen({ require: accounts(1, 2, 3) });
    expect(got).to.have.members(["node1", "node2", "node3"]);
    expect(unsatisfied)
      .to.include("12 fragment indexes need a storage node each, 3 can be had")
      .and.to.include("by the placement rules 11 not among the required ones");
  });

  it("never uses nodes to be avoided, and reports it when nobody else is left", () => {
    expect(chosen({ avoid: accounts(0, 1) }).accounts)
      .to.have.length(12)
      .and.not.to.include.members(["node0", "node1"]);
    const { accounts: got, unsatisfied } = chosen({ avoid: accounts(0, 1, 2) });
    expect(got).to.have.length(11);
    expect(unsatisfied).to.include("3 to be avoided");
  });

  it("puts no more fragments of a file into one network than it may, counting those that are there", () => {
    const crowded = nodes(14, (n) => ({ endpoint: `http://10.${n % 6}.${n}.1` }));
    const { accounts: got, unsatisfied } = chosen({ perNetwork: 2 }, { nodes: crowded });
    expect(unsatisfied).to.equal(undefined);
    const counts = new Map<number, number>();
    for (const account of got)
      counts.set(Number(account.slice(4)) % 6, (counts.get(Number(account.slice(4)) % 6) ?? 0) + 1);
    expect(Math.max(...counts.values())).to.equal(2);
    const placed = new Map([
      [0, "node0"],
      [1, "node6"],
    ]);
    const rest = chosen({ perNetwork: 2 }, { nodes: crowded, placed, indexes: [2, 3] }).accounts;
    expect(rest).not.to.include("node12");
    const one = chosen({ perNetwork: 2 }, { nodes: nodes(14, (n) => ({ endpoint: `http://10.0.0.${n}` })) });
    expect(one.accounts).to.have.length(2);
    expect(one.unsatisfied).to.include("12 beyond 2 in one network");
  });

  it("finds as many nodes as both spread limits allow, by exchanging when the obvious ones block", () => {
    const maker = fc.record({ network: fc.nat(4), operator: fc.nat(4) });
    fc.assert(
      fc.property(
        fc.array(maker, { maxLength: 9 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 2 }),
        fc.nat(),
        (made, perNetwork, perOperator, seed) => {
          const listed = made.map(({ network, operator }, n) =>
            node(n, { endpoint: `http://10.${network}.${n}.1`, operator: `operator${operator}` }),
          );
          const got = chosen({ perNetwork, perOperator }, { nodes: listed, seed }).accounts;
          const fits = (subset: readonly number[]) => {
            const counts = new Map<string, number>();
            for (const n of subset)
              for (const end of [`n${made[n]!.network}`, `o${made[n]!.operator}`])
                counts.set(end, (counts.get(end) ?? 0) + 1);
            return [...counts].every(([end, count]) => count <= (end.startsWith("n") ? perNetwork : perOperator));
          };
          expect(fits(got.map((account) => Number(account.slice(4))))).to.equal(true);
          let most = 0;
          for (let mask = 0; mask < 2 ** made.length; mask++) {
            const subset = made.flatMap((_, n) => ((mask >> n) & 1 ? [n] : []));
            if (subset.length > most && fits(subset)) most = subset.length;
          }
          expect(got.length).to.equal(most);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("tells networks by /16 of IPv4, /32 of IPv6, else by name", () => {
    expect(
      ["http://10.20.30.40:1", "http://[2001:db8::1]/", "http://[::1]", "https://Miner.Example:8", "nowhere"].map(
        nodeNetwork,
      ),
    ).to.deep.equal(["10.20.0.0/16", "2001:db8::/32", "0:0::/32", "miner.example", undefined]);
  });

  describe("of the operator's own", () => {
    const own = (choose: PlacementPolicy["choose"]): PlacementPolicy => ({ name: "own", choose });

    it("is shown only nodes that may be chosen, with what is known of them", () => {
      let seen: Parameters<PlacementPolicy["choose"]>[0] | undefined;
      const mixed = [
        node(1),
        node(2, { state: "frozen" }),
        node(3, { idleSpace: 0n }),
        node(4),
        node(5, { operator: "op", quality: 0.5 }),
      ];
      place(
        request({
          nodes: mixed,
          indexes: [1],
          placed: new Map([[0, "node4"]]),
          avoided: accounts(5),
          policy: own((given) => {
            seen = given;
            return { assigned: new Map() };
          }),
        }),
      );
      expect(seen?.candidates.map(({ account }) => account)).to.deep.equal(["node1", "node5"]);
      expect(seen?.candidates[1]).to.deep.include({
        operator: "op",
        quality: 0.5,
        disappointed: true,
        network: "10.5.0.0/16",
      });
      expect(seen?.placed).to.deep.equal([{ index: 0, account: "node4", network: "10.4.0.0/16" }]);
    });

    it("cannot give one node two indexes, nor any to a node that is none of the candidates, and is reported", () => {
      const wrong = own(() => ({
        assigned: new Map([
          [0, "node1"],
          [1, "node1"],
          [2, "stranger"],
          [99, "node2"],
        ]),
      }));
      const { assigned, unsatisfied } = place(request({ policy: wrong, indexes: [0, 1, 2] }));
      expect([...assigned]).to.deep.equal([[0, "node1"]]);
      expect(unsatisfied).to.include(
        "the placement policy own gave index 1 to node1, which is no candidate or has an index already, which was ignored",
      );
    });

    it("is loaded from a module, as the example is, and refused when it is none", async () => {
      const example = fileURLToPath(new URL("../../../../examples/one-operator-each.mjs", import.meta.url));
      const policy = await placementPolicy({ module: example });
      const paired = nodes(20, (n) => ({ operator: `operator${n >> 1}` }));
      const { assigned, unsatisfied } = place(request({ policy, nodes: paired }));
      const operators = [...assigned.values()].map((account) => Number(account.slice(4)) >> 1);
      expect(new Set(operators).size).to.equal(10);
      expect(unsatisfied).to.include("only 10 operators are left for 12 fragments");
      const refusal = (module: string) => placementPolicy({ module }).then(() => "loaded", String);
      expect(await refusal("/nowhere.mjs")).to.match(/^ConfigError: placement.module \/nowhere.mjs cannot be loaded/);
      expect(await refusal(fileURLToPath(new URL("../../../src/model/sizes.js", import.meta.url)))).to.include(
        "must export `policy`",
      );
    });

    it("is reported when it throws, and when it leaves indexes out with its own reason", () => {
      const throwing = place(
        request({
          policy: own(() => {
            throw new Error("oh");
          }),
        }),
      );
      expect(throwing.assigned.size).to.equal(0);
      expect(throwing.unsatisfied).to.include("the placement policy own failed: oh");
      const picky = place(request({ policy: own(() => ({ assigned: new Map(), unsatisfied: "it is Sunday" })) }));
      expect(picky.unsatisfied).to.match(/, it is Sunday$/);
    });
  });
});

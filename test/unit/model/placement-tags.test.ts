import { expect } from "chai";
import { DomainError } from "../../../src/model/errors.js";
import { place, type PlaceableNode } from "../../../src/model/placement.js";
import { rulesPolicy } from "../../../src/model/placement-rules.js";
import { PlacementTags, type PlacementTagSettings } from "../../../src/model/placement-tags.js";
import { GIB } from "../../../src/model/sizes.js";
import { requireTags, TAG_LIMITS } from "../../../src/model/tag.js";

const node = (n: number): PlaceableNode => ({
  account: `node${n}`,
  endpoint: n < 20 ? `http://10.${n % 2 === 0 ? 20 : 30}.0.${n}:15001` : `http://miner.example:${n}`,
  state: "positive",
  idleSpace: BigInt(GIB),
});
const nodes = Array.from({ length: 40 }, (_, n) => node(n));
const parseAccount = (text: string) => {
  if (!/^node\d+$/.test(text)) throw new Error(`"${text}" is no CESS account`);
  return text;
};
const regions = new Map([
  ["even", { networks: new Set(["10.20.0.0/16"]), nodes: new Set<string>() }],
  ["odd", { networks: new Set(["10.30.0.0/16"]), nodes: new Set(["node0", "node2"]) }],
  ["named", { networks: new Set(["miner.example"]), nodes: new Set<string>() }],
]);
const tagsOf = (more: Partial<PlacementTagSettings> = {}) =>
  new PlacementTags({ allowed: true, regions, parseAccount, ...more });
const tag = (key: string, value: string) => ({ key, value });
const named = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `node${from + n}`).join(" ");

function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    expect(error).to.be.instanceOf(DomainError);
    expect((error as DomainError).kind).to.equal("invalidTag");
    return (error as DomainError).message;
  }
  throw new Error("it was not refused");
}

describe("Placement by a bucket's tags", () => {
  const placed = (wish: ReturnType<PlacementTags["wish"]>, rules = {}) =>
    place({
      indexes: Array.from({ length: 12 }, (_, index) => index),
      nodes,
      policy: rulesPolicy(rules),
      seed: 3,
      batchBytes: 1n,
      placed: new Map(),
      excluded: new Set(),
      avoided: new Set(),
      wish,
    });

  it("chooses only nodes of the regions, by network, host name or account", () => {
    const both = tagsOf().wish([tag("cess-regions", "even odd")]);
    expect(both?.text).to.equal("regions even, odd");
    const { assigned } = placed(both);
    expect(assigned.size).to.equal(12);
    for (const account of assigned.values()) expect(Number(account.slice(4))).to.be.below(20);
    const host = placed(tagsOf().wish([tag("cess-regions", "named")]));
    for (const account of host.assigned.values()) expect(Number(account.slice(4))).to.be.at.least(20);
    const odd = nodes.filter((each) =>
      tagsOf()
        .wish([tag("cess-regions", "odd")])
        ?.takes(each),
    );
    expect(odd.map(({ account }) => account))
      .to.include.members(["node0", "node2", "node1"])
      .and.have.length(12);
  });

  it("chooses only the nodes that several tags name, and with regions only those that are in both", () => {
    const tags = [
      tag("cess-nodes", named(0, 5)),
      tag("cess-nodes-2", named(5, 10)),
      tag("cess-nodes-3", named(10, 14)),
    ];
    requireTags(tags, TAG_LIMITS.bucket);
    const wish = tagsOf().wish(tags);
    expect(wish?.text).to.equal("14 named nodes");
    for (const account of placed(wish).assigned.values()) expect(Number(account.slice(4))).to.be.below(14);
    const both = placed(tagsOf().wish([...tags, tag("cess-regions", "even")]));
    expect(both.assigned.size).to.equal(7);
    expect(both.unsatisfied).to.contain("33 not as the bucket's tags want it (region even, of these 14 named nodes)");
  });

  it("stays within the operator's rules, and says what is missing", () => {
    const wish = tagsOf().wish([tag("cess-regions", "even odd")]);
    const { assigned, unsatisfied } = placed(wish, { perNetwork: 2, avoid: new Set(["node1"]) });
    expect(assigned.size).to.equal(4);
    expect([...assigned.values()]).not.to.include("node1");
    expect(unsatisfied).to.contain("20 not as the bucket's tags want it").and.to.contain("beyond 2 in one network");
  });

  it("refuses what cannot be meant, and tells what is allowed", () => {
    const check = (...tags: { key: string; value: string }[]) => refusal(() => tagsOf().require(tags));
    expect(check(tag("cess-regions", "eu"))).to.contain("there is no eu; this gateway has even, odd, named");
    expect(check(tag("cess-regions", " "))).to.contain("must not be empty");
    expect(check(tag("cess-nodes", "node1 stranger"))).to.contain('"stranger" is no CESS account');
    expect(check(tag("cess-nodes", named(0, 11))))
      .to.contain("at least 12 storage nodes")
      .and.to.contain("these are 11");
    expect(check(tag("cess-nodes-9", ""))).to.contain("cess-nodes-9 must not be empty");
    const bounded = tagsOf({ avoid: new Set(["node0"]), require: new Set(nodes.map(({ account }) => account)) });
    expect(refusal(() => bounded.require([tag("cess-nodes", named(0, 12))]))).to.contain("these are 11");
    bounded.require([tag("cess-nodes", named(0, 13))]);
    expect(refusal(() => tagsOf({ regions: new Map() }).require([tag("cess-regions", "eu")]))).to.contain(
      "this gateway has none",
    );
  });

  it("is off unless the operator allows it, and leaves other tags alone", () => {
    const off = tagsOf({ allowed: false });
    expect(refusal(() => off.require([tag("cess-regions", "even")]))).to.contain("cess-regions is not allowed");
    expect(off.wish([tag("cess-regions", "even")])).to.equal(undefined);
    off.require([tag("team", "storage"), tag("cess-nodes-10", "x")]);
    expect(tagsOf().apply([tag("team", "storage")])).to.equal(false);
    expect(tagsOf().wish([])).to.equal(undefined);
  });
});

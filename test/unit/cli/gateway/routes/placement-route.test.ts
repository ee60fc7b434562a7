import { expect } from "chai";
import { placementRoute } from "../../../../../src/cli/gateway/routes/placement-route.js";
import { PlacementTags } from "../../../../../src/model/placement-tags.js";
import { GIB } from "../../../../../src/model/sizes.js";

const region = (...networks: string[]) => ({ networks: new Set(networks), nodes: new Set<string>() });

/** 14 nodes in 10.1.0.0/16 and 5 in 10.2.0.0/16; of each one is full, one frozen, and one avoided. */
const table = ["1", "2"].flatMap((network) =>
  Array.from({ length: network === "1" ? 14 : 5 }, (_, at) => ({
    account: `c${network}-${at}`,
    endpoint: `http://10.${network}.0.${at}:80`,
    registered: true,
    state: at === 0 ? "frozen" : "positive",
    idleBytes: at === 1 ? 0 : GIB,
  })),
);
const settings = {
  allowed: true,
  regions: new Map([
    ["one", region("10.1.0.0/16")],
    ["two", region("10.2.0.0/16")],
  ]),
  avoid: new Set(["c1-2", "c2-2"]),
  parseAccount: (text: string) => text,
};

describe("What a bucket's tags would mean for its storage nodes", () => {
  const ask = async (tags: Readonly<Record<string, string>>, allowed = true) => {
    const registry = { nodes: () => Promise.reject(new Error("no chain")), table: () => table };
    const placementTags = new PlacementTags({ ...settings, allowed });
    const route = placementRoute({ placementTags, registry: registry as never });
    const { body } = await route.run({} as never, new URLSearchParams(tags), undefined);
    return JSON.parse(body) as unknown;
  };
  const offer = {
    allowed: true,
    nodes: 13,
    regions: [
      { name: "one", nodes: 11 },
      { name: "two", nodes: 2 },
    ],
  };

  it("is told by region, of nodes that serve, have room and are not avoided", async () => {
    expect(await ask({})).to.deep.equal(offer);
    expect(await ask({ team: "a", "cess-regions": "one" })).to.deep.equal({
      ...offer,
      wish: { text: "region one", nodes: 11 },
    });
    const both = { text: "regions one, two", nodes: 13 };
    expect(await ask({ "cess-regions": "one two" })).to.deep.equal({ ...offer, wish: both });
  });

  it("is what PutBucketTagging would refuse", async () => {
    expect(await ask({ "cess-regions": "moon" }))
      .to.have.property("refused")
      .that.includes("there is no moon; this gateway has one, two");
    expect(await ask({ "cess-nodes": "c1-2 c1-3" }))
      .to.have.property("refused")
      .that.includes("these are 1");
    expect(await ask({ "cess-regions": "one" }, false)).to.deep.include({ allowed: false });
    expect(await ask({ "cess-regions": "one" }, false))
      .to.have.property("refused")
      .that.includes("cannot choose");
  });
});

import { expect } from "chai";
import { placementOf, placementTags } from "../../../console/src/lib/placement-tags.js";

const node = (at: number) => `c${"X".repeat(46)}${String(at).padStart(2, "0")}`;
const nodes = (count: number) => Array.from({ length: count }, (_, at) => node(at));

describe("The form for a bucket's storage nodes", () => {
  it("writes tags that hold what they may, and reads them again beside the other tags", () => {
    const chosen = { regions: ["eu", "asia"], nodes: nodes(12) };
    const tags = placementTags(chosen) ?? [];
    expect(tags.map(([key]) => key)).to.deep.equal(["cess-regions", "cess-nodes", "cess-nodes-2", "cess-nodes-3"]);
    for (const [, value] of tags) expect(value.length).to.be.at.most(256);
    const others = [["team", "a"]] as const;
    expect(placementOf([...others, ...tags])).to.deep.equal({ chosen, others });
  });

  it("writes no tags where nothing is chosen, and tells when it is too much", () => {
    expect(placementTags({ regions: [], nodes: [] })).to.deep.equal([]);
    expect(placementTags({ regions: [], nodes: nodes(45) })).to.have.length(9);
    expect(placementTags({ regions: [], nodes: nodes(46) })).to.equal(undefined);
    expect(placementTags({ regions: ["x".repeat(300)], nodes: [] })).to.equal(undefined);
  });
});

import { expect } from "chai";
import { checkRead, checkWrite, rangeApplies } from "../../../src/model/precondition.js";

describe("Preconditions", () => {
  const subject = { etag: "a", createdAt: 1_700_000_000_500, size: 3 };

  it("match any object by a star, one of the ETags by a list, and nothing by an empty list", () => {
    for (const [ifMatch, read] of [
      ["*", "proceed"],
      [["b", "a"], "proceed"],
      [["*"], "failed"],
      [[""], "failed"],
      [[], "failed"],
    ] as const) {
      expect(checkRead({ ifMatch }, subject), String(ifMatch)).to.equal(read);
      expect(checkWrite({ ifMatch }, subject), String(ifMatch)).to.equal(read);
      expect(checkWrite({ ifMatch }, undefined), String(ifMatch)).to.equal("missing");
    }
    expect(checkRead({ ifNoneMatch: "*" }, subject)).to.equal("not-modified");
    expect(checkRead({ ifNoneMatch: [] }, subject)).to.equal("proceed");
    expect(checkWrite({ ifNoneMatch: "*" }, subject)).to.equal("failed");
    expect(checkWrite({ ifNoneMatch: "*" }, undefined)).to.equal("proceed");
  });

  it("by ETag outrank those by date, also where they list none", () => {
    const early = Date.parse("2001-01-01");
    const late = Date.parse("2100-01-01");
    expect(checkRead({ ifMatch: [], ifUnmodifiedSince: late }, subject)).to.equal("failed");
    expect(checkRead({ ifMatch: ["a"], ifUnmodifiedSince: early }, subject)).to.equal("proceed");
    expect(checkRead({ ifNoneMatch: [], ifModifiedSince: late }, subject)).to.equal("proceed");
  });

  it("of a range hold of the very ETag or the very second", () => {
    expect(rangeApplies({}, subject)).to.equal(true);
    expect(rangeApplies({ ifRange: "a" }, subject)).to.equal(true);
    expect(rangeApplies({ ifRange: "" }, subject)).to.equal(false);
    expect(rangeApplies({ ifRange: 1_700_000_000_000 }, subject)).to.equal(true);
    expect(rangeApplies({ ifRange: 1_700_000_001_000 }, subject)).to.equal(false);
  });
});

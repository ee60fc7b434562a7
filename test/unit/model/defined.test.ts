import { expect } from "chai";
import { defined } from "../../../src/model/defined.js";

describe("defined", () => {
  it("leaves out the members that are undefined, and no others", () => {
    const members = { a: undefined, b: 0, c: "", d: false, e: null };
    expect(Object.keys(defined(members))).to.deep.equal(["b", "c", "d", "e"]);
  });

  it("returns a copy", () => {
    const members = { a: 1 };
    expect(defined(members)).to.deep.equal({ a: 1 });
    expect(defined(members)).not.to.equal(members);
  });
});

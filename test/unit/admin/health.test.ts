import { expect } from "chai";
import { Health } from "../../../src/admin/health.js";

describe("Health", () => {
  it("says why the gateway is not ready since the moment that it was first seen, and begins anew after it was well", () => {
    let now = 1000;
    let reason: string | undefined;
    const health = new Health({ now: () => now, sleep: () => Promise.resolve() }, [
      { name: "chain", reason: () => reason },
      { name: "disk", reason: () => undefined },
    ]);
    expect(health.unready()).to.deep.equal([]);
    reason = "the chain is not connected";
    const first = { check: "chain", reason, since: "1970-01-01T00:00:01.000Z" };
    expect(health.unready()).to.deep.equal([first]);
    now = 5000;
    expect(health.unready()).to.deep.equal([first]);
    reason = undefined;
    expect(health.unready()).to.deep.equal([]);
    reason = "the chain is not connected";
    expect(health.unready()).to.deep.equal([{ ...first, since: "1970-01-01T00:00:05.000Z" }]);
  });
});

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

  it("tells warnings beside reasons, and logs each when it begins and when it is over", () => {
    let now = 0;
    const found: { reason: string | undefined; warning: string | undefined } = { reason: undefined, warning: "slow" };
    const lines: unknown[] = [];
    const log = {
      info: (fields: object, message: string) => lines.push([message, fields]),
      warn: (fields: object, message: string) => lines.push([message, fields]),
    };
    const check = { name: "clock", reason: () => found.reason, warning: () => found.warning };
    const health = new Health({ now: () => now, sleep: () => Promise.resolve() }, [check], log);
    for (let look = 0; look < 3; look++) {
      expect(health.unready()).to.deep.equal([]);
      expect(health.warnings().map(({ reason }) => reason)).to.deep.equal(["slow"]);
    }
    expect(lines.splice(0)).to.deep.equal([["something needs attention", { check: "clock", reason: "slow" }]]);
    Object.assign(found, { reason: "too slow", warning: undefined });
    health.unready();
    health.warnings();
    now = 61_000;
    found.reason = undefined;
    health.unready();
    expect(lines).to.deep.equal([
      ["the gateway is not ready", { check: "clock", reason: "too slow" }],
      ["what needed attention is over", { check: "clock", seconds: 0 }],
      ["what kept the gateway from being ready is over", { check: "clock", seconds: 61 }],
    ]);
  });
});

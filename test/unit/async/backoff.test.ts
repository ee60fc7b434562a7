import { expect } from "chai";
import { backoffMs } from "../../../src/async/backoff.js";

describe("backoffMs", () => {
  const limits = { minMs: 100, maxMs: 1_000 };

  it("doubles the delay with each failure, up to the limit", () => {
    const delays = [1, 2, 3, 4, 5, 6, 1_000_000].map((failures) => backoffMs(limits, failures));
    expect(delays).to.deep.equal([100, 200, 400, 800, 1_000, 1_000, 1_000]);
    expect(backoffMs({ minMs: 2_000, maxMs: 1_000 }, 1)).to.equal(1_000);
    expect(backoffMs({ minMs: 1, maxMs: Infinity }, 10_000)).to.be.lessThan(Number.MAX_SAFE_INTEGER);
  });

  it("makes half of the delay random where it is given chance", () => {
    expect([0, 0.5, 0.999].map((r) => backoffMs(limits, 2, () => r))).to.deep.equal([100, 150, 199.9]);
  });
});

import { expect } from "chai";
import { TokenBuckets } from "../../../src/async/token-buckets.js";
import { ManualClock } from "../../support/manual-clock.js";

describe("Token buckets", () => {
  const takeAll = (buckets: TokenBuckets, key: string) => {
    let taken = 0;
    while (taken < 1000 && buckets.take(key) === 0) taken++;
    return taken;
  };

  it("give a burst at once, then so many a second, and tell how long the next one takes", async () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(clock, { perSecond: 2, burst: 5 });
    expect(takeAll(buckets, "a")).to.equal(5);
    expect(buckets.take("a")).to.equal(500);
    await clock.advance(499);
    expect(buckets.take("a")).to.equal(1);
    await clock.advance(1);
    expect(buckets.take("a")).to.equal(0);
    await clock.advance(60_000);
    expect(takeAll(buckets, "a")).to.equal(5);
  });

  it("count for each key by itself", () => {
    const buckets = new TokenBuckets(new ManualClock(), { perSecond: 1, burst: 1 });
    expect([buckets.take("a"), buckets.take("b")]).to.deep.equal([0, 0]);
    expect([buckets.take("a"), buckets.take("b")]).to.deep.equal([1000, 1000]);
  });

  it("are never empty at a rate of 0, and take another rate while they are used", async () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(clock, { perSecond: 0, burst: 1 });
    expect(takeAll(buckets, "a")).to.equal(1000);
    buckets.setRate({ perSecond: 10, burst: 3 });
    expect(takeAll(buckets, "a")).to.equal(3);
    buckets.setRate({ perSecond: 1, burst: 1 });
    await clock.advance(10_000);
    expect(takeAll(buckets, "a")).to.equal(1);
  });

  it("go on when the clock is set back", () => {
    let now = 1_000_000;
    const buckets = new TokenBuckets({ now: () => now }, { perSecond: 1, burst: 2 });
    expect(takeAll(buckets, "a")).to.equal(2);
    now -= 500_000;
    expect(buckets.take("a")).to.equal(1000);
    now += 1000;
    expect(buckets.take("a")).to.equal(0);
  });

  it("are forgotten when there are too many, the least recently used first", () => {
    const buckets = new TokenBuckets(new ManualClock(), { perSecond: 1, burst: 1 }, 2);
    buckets.take("a");
    buckets.take("b");
    buckets.take("c");
    expect(buckets.take("b")).to.be.greaterThan(0);
    expect(buckets.take("c")).to.be.greaterThan(0);
    expect(buckets.take("a")).to.equal(0);
  });
});

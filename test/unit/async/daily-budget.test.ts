import { expect } from "chai";
import { DailyBudget } from "../../../src/async/daily-budget.js";
import { ManualClock } from "../../support/manual-clock.js";

const HOUR_MS = 3_600_000;

describe("A day's bytes", () => {
  it("are spread over its hours, and an hour's can be saved up", async () => {
    const clock = new ManualClock();
    const budget = new DailyBudget(clock, 24_000);
    await clock.advance(10 * HOUR_MS);
    expect(budget.take(1000)).to.equal(true);
    expect(budget.take(1)).to.equal(false);
    expect(budget.waitMs()).to.equal(1);
    await clock.advance(HOUR_MS / 2);
    expect(budget.take(5000), "something is left").to.equal(true);
    expect(budget.waitMs()).to.equal(4.5 * HOUR_MS);
    await clock.advance(4.5 * HOUR_MS + 1);
    expect(budget.take(1)).to.equal(true);
  });

  it("may be used beyond what is left by what was begun, up to an hour's", () => {
    const budget = new DailyBudget(new ManualClock(), 24_000);
    expect(budget.spend(1500)).to.equal(true);
    expect(budget.waitMs()).to.equal(HOUR_MS / 2);
    expect(budget.spend(400)).to.equal(true);
    expect(budget.spend(200)).to.equal(false);
  });

  it("are not lost when the clock is set back, and none are never any", () => {
    let now = 10 * HOUR_MS;
    const budget = new DailyBudget({ now: () => now }, 24_000);
    now = 0;
    expect(budget.take(500)).to.equal(true);
    expect(budget.waitMs()).to.equal(0);
    const none = new DailyBudget({ now: () => now }, 0);
    expect([none.take(1), none.waitMs()]).to.deep.equal([false, Infinity]);
  });
});

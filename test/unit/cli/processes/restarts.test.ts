import { expect } from "chai";
import { Restarts } from "../../../../src/cli/processes/restarts.js";
import { ManualClock } from "../../../support/manual-clock.js";

describe("When a process that died is started again", () => {
  let clock: ManualClock;
  let restarts: Restarts;
  beforeEach(() => {
    clock = new ManualClock();
    restarts = new Restarts(clock);
  });
  const die = async (ranMs: number) => {
    await clock.advance(ranMs);
    return restarts.died(ranMs);
  };

  it("is soon at first, and ever later while it dies soon after each start", async () => {
    const waits: number[] = [];
    for (let n = 0; n < 9; n++) {
      const verdict = await die(50);
      if (verdict.kind === "again") waits.push(verdict.afterMs);
    }
    expect(waits).to.deep.equal([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it("is soon again after it ran well for a minute", async () => {
    for (let n = 0; n < 5; n++) await die(50);
    expect(await die(60_000)).to.deep.equal({ kind: "again", afterMs: 100 });
    expect(await die(50)).to.deep.equal({ kind: "again", afterMs: 200 });
  });

  it("is never after the tenth death within ten minutes", async () => {
    for (let n = 0; n < 9; n++) expect((await die(60_000)).kind).to.equal("again");
    expect(await die(59_000)).to.deep.equal({ kind: "give up" });
    expect(restarts.deaths).to.equal(10);
  });

  it("goes on for ever where deaths are rarer", async () => {
    for (let n = 0; n < 50; n++) expect((await die(70_000)).kind).to.equal("again");
  });
});

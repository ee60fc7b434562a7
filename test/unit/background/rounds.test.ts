import { expect } from "chai";
import { Rounds } from "../../../src/background/rounds.js";
import { ManualClock } from "../../support/manual-clock.js";

describe("Rounds", () => {
  const setup = () => {
    const clock = new ManualClock();
    const results: ("more" | "done" | Error)[] = [];
    const rounds = new Rounds(clock, 1_000);
    let calls = 0;
    const step = () =>
      rounds.step(() => {
        calls++;
        const result = results.shift() ?? "done";
        return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
      });
    return { clock, results, step, calls: () => calls };
  };

  it("begins at once, and again when the interval after the last round's end is over", async () => {
    const { clock, step, calls } = setup();
    const until = clock.now() + 1_000;
    expect(await step()).to.deep.equal({ kind: "idle", until });
    await clock.advance(999);
    expect(await step(), "woken too early").to.deep.equal({ kind: "idle", until });
    expect(calls()).to.equal(1);
    await clock.advance(1);
    expect(await step()).to.deep.equal({ kind: "idle", until: until + 1_000 });
    expect(calls()).to.equal(2);
  });

  it("is busy as long as a round goes on", async () => {
    const { results, step, clock } = setup();
    results.push("more", "more", "done");
    expect([await step(), await step()]).to.deep.equal([{ kind: "busy" }, { kind: "busy" }]);
    expect(await step()).to.deep.equal({ kind: "idle", until: clock.now() + 1_000 });
  });

  it("goes on with a round after a step that failed", async () => {
    const { results, step, calls } = setup();
    const broken = new Error("broken");
    results.push(broken, "done");
    expect(await step().catch((error: unknown) => error)).to.equal(broken);
    expect((await step()).kind).to.equal("idle");
    expect(calls()).to.equal(2);
  });
});

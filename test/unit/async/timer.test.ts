import { getEventListeners } from "node:events";
import { expect } from "chai";
import { after, pause } from "../../../src/async/timer.js";
import { ManualClock, settle } from "../../support/manual-clock.js";

describe("timers", () => {
  it("call back after their time, unless they are cancelled", async () => {
    const clock = new ManualClock();
    const heard: string[] = [];
    const cancel = after(clock, 100, () => heard.push("kept"));
    after(clock, 100, () => heard.push("cancelled"))();
    await settle();
    expect(clock.sleeping).to.equal(1);
    await clock.advance(99);
    expect(heard).to.deep.equal([]);
    await clock.advance(1);
    cancel();
    expect(heard).to.deep.equal(["kept"]);
  });

  it("let a pause end early, by whichever signal aborts first, and leave neither timer nor listener", async () => {
    const clock = new ManualClock();
    const [one, other] = [new AbortController(), new AbortController()];
    const reason = new Error("wake up");
    const pausing = pause(clock, 60_000, [one.signal, undefined, other.signal]).catch((error: unknown) => error);
    other.abort(reason);
    expect(await pausing).to.equal(reason);
    expect(clock.sleeping).to.equal(0);
    expect(getEventListeners(one.signal, "abort")).to.have.length(0);
  });

  it("let a pause pass when nothing ends it", async () => {
    const clock = new ManualClock();
    let over = false;
    const pausing = pause(clock, 10, []).then(() => (over = true));
    await clock.advance(9);
    expect(over).to.equal(false);
    await clock.advance(1);
    await pausing;
  });
});

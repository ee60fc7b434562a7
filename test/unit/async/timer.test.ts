import { getEventListeners } from "node:events";
import { expect } from "chai";
import { after, coalesced, pause } from "../../../src/async/timer.js";
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

  it("let many requests call back at once, and once more for all that came within the time", async () => {
    const clock = new ManualClock();
    let calls = 0;
    const ask = coalesced(clock, 20, () => calls++);
    for (let n = 0; n < 10; n++) ask();
    expect(calls).to.equal(1);
    await clock.advance(20);
    expect(calls).to.equal(2);
    ask();
    await clock.advance(19);
    expect(calls).to.equal(2);
    await clock.advance(1);
    expect(calls).to.equal(3);
    await clock.advance(20);
    expect([calls, clock.sleeping]).to.deep.equal([3, 0]);
    ask();
    expect(calls).to.equal(4);
  });
});

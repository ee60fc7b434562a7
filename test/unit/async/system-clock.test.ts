import { expect } from "chai";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SystemClock } from "../../../src/async/system-clock.js";

describe("SystemClock", () => {
  const clock = new SystemClock();

  it("tells the time of day in milliseconds", () => {
    const before = Date.now();
    expect(clock.now()).to.be.within(before, Date.now());
  });

  it("sleeps for the time it is asked, and not at all for a time that has passed", async () => {
    expect(await Promise.race([clock.sleep(-5).then(() => "past"), clock.sleep(1000).then(() => "future")])).to.equal(
      "past",
    );
    const begin = performance.now();
    await clock.sleep(50);
    expect(performance.now() - begin).to.be.at.least(49);
  });

  it("rejects with the signal's reason as soon as it aborts", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const sleep = clock.sleep(60_000, controller.signal);
    controller.abort(reason);
    expect(await sleep.catch((error: unknown) => error)).to.equal(reason);
    expect(await clock.sleep(0, controller.signal).catch((error: unknown) => error)).to.equal(reason);
  });

  it("does not take a sleep of more than 24 days for none at all", async () => {
    const controller = new AbortController();
    let awake = false;
    const sleep = clock.sleep(2 ** 40, controller.signal).then(
      () => (awake = true),
      () => undefined,
    );
    await clock.sleep(20);
    expect(awake).to.equal(false);
    controller.abort();
    await sleep;
  });

  it("lets the process end when only a daemon's sleep is left", async () => {
    const module = new URL("../../../src/async/system-clock.js", import.meta.url).href;
    const script = `import { SystemClock } from ${JSON.stringify(module)};
      void new SystemClock({ holdsProcess: false }).sleep(60_000); console.log("ended");`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      timeout: 10_000,
    });
    expect(stdout).to.equal("ended\n");
  });
});

import { expect } from "chai";
import { DatabaseClockCheck } from "../../../../src/cli/health/database-clock-check.js";
import { ConfigError } from "../../../../src/config/config-error.js";

describe("The check of the database's clock", () => {
  /** Answers take `ways` ms, one after the other, half of it there and half back. */
  function check(aheadMs: number, ways: readonly number[] = [2], limitMs = 5_000) {
    let now = 1_000_000;
    let asked = 0;
    const state = { aheadMs };
    const gateways = {
      time: () => {
        const way = ways[asked++ % ways.length] ?? 0;
        now += way;
        return Promise.resolve(now - way / 2 - state.aheadMs);
      },
    };
    return { check: new DatabaseClockCheck({ clock: { now: () => now }, gateways }, { limitMs }), state };
  }
  const refusal = (work: Promise<void>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("finds the difference, ahead and behind, but for what the answer's way may account for", async () => {
    for (const ahead of [3_000, -3_000]) {
      const { check: of } = check(ahead, [400, 20, 300]);
      await of.step();
      expect(Math.abs((of.aheadMs ?? 0) - ahead)).to.be.at.most(10);
      expect(of.reason()).to.equal(undefined);
    }
  });

  it("refuses the start beyond the limit, with how much it is and what to do", async () => {
    const error = await refusal(check(-7_300).check.require());
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as ConfigError).key).to.equal("gateway.clockSeconds");
    expect((error as Error).message).to.equal(
      "this machine's clock is 7.3 s behind the clock of the catalog's database, and gateway.clockSeconds allows 5: " +
        "gateways would take each other's jobs too early or too late. Set the clocks of both, by NTP for instance",
    );
    expect(await refusal(check(4_900).check.require())).to.equal(undefined);
  });

  it("does not take a slow answer for a wrong clock", async () => {
    const { check: of } = check(0, [20_000]);
    await of.require();
    expect(of.reason()).to.equal(undefined);
  });

  it("notices a clock that was set while the gateway runs, and that it is right again", async () => {
    const { check: of, state } = check(0);
    await of.require();
    state.aheadMs = 60_000;
    await of.step();
    expect(of.reason()).to.contain("60 s ahead of");
    state.aheadMs = 0;
    await of.step();
    expect(of.reason()).to.equal(undefined);
  });

  it("says nothing where the database has this machine's clock, nor while it is away", async () => {
    const clock = { now: () => 5 };
    const here = new DatabaseClockCheck(
      { clock, gateways: { time: () => Promise.resolve(undefined) } },
      { limitMs: 1 },
    );
    await here.require();
    expect([here.aheadMs, here.reason()]).to.deep.equal([undefined, undefined]);
    const away = new DatabaseClockCheck(
      { clock, gateways: { time: () => Promise.reject(new Error("away")) } },
      { limitMs: 1 },
    );
    expect((await away.step()).kind).to.equal("idle");
    expect(away.reason()).to.equal(undefined);
  });
});

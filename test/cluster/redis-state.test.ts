import { expect } from "chai";
import { systemClock } from "../../src/async/system-clock.js";
import { REDIS_STATE, RedisState } from "../../src/cli/state/redis-state.js";
import { eventually } from "../support/eventually.js";
import { RedisServer } from "../support/redis-server.js";
import { Relay } from "../support/relay.js";
import { reservePort } from "../support/reserved-port.js";

describe("The shared state in Redis", () => {
  let redis: RedisServer;
  let relay: Relay;
  let state: RedisState;
  before(async () => {
    redis = await RedisServer.start();
    relay = await new Relay(`tcp://127.0.0.1:${redis.port}`).open();
  });
  after(async () => {
    await relay.close();
    await redis.end();
  });
  const open = (port = relay.port, namespace = "one", login = "") =>
    RedisState.open({ url: `redis://${login}127.0.0.1:${port}`, namespace }, systemClock);
  beforeEach(async () => {
    state = open();
    await eventually("Redis is connected", () => state.connected);
  });
  afterEach(() => state.close());
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );

  it("keeps what JSON can hold for other processes of its namespace, and for nobody else", async () => {
    const value = { text: "ünï", list: [1, 2.5, null], nested: { yes: true } };
    await state.set("key", value);
    const [same, another] = [open(), open(relay.port, "two")];
    await eventually("both are connected", () => same.connected && another.connected);
    expect(await same.get("key")).to.deep.equal(value);
    expect(await another.get("key")).to.equal(undefined);
    expect(await state.get("none")).to.equal(undefined);
    same.close();
    another.close();
  });

  it("forgets a value when its time is over", async () => {
    await state.set("short", 1, 50);
    await eventually("it is gone", async () => (await state.get("short")) === undefined);
  });

  it("takes no value that is too long, and gives none that another program wrote", async () => {
    expect(await failure(state.set("long", "x".repeat(REDIS_STATE.maxLength)))).to.match(/characters, more than/);
    expect(state.counts.oversized).to.equal(1);
    expect(await state.get("long")).to.equal(undefined);
  });

  it("fails at once while Redis is away, says so as a warning, and comes back by itself with what Redis has", async () => {
    expect(state.warning()).to.equal(undefined);
    await redis.end();
    await eventually("the end was noticed", () => !state.connected);
    const begun = performance.now();
    expect(await failure(state.get("key"))).to.be.a("string");
    expect(await failure(state.set("key", 1))).to.be.a("string");
    expect(performance.now() - begun).to.be.below(REDIS_STATE.callMs);
    expect(state.reason()).to.equal(undefined);
    expect(state.warning()).to.match(
      /^the shared state, Redis or Valkey at 127\.0\.0\.1:\d+ \(state\.url\), cannot be used: /,
    );
    await redis.startAgain();
    await eventually("it is connected again", () => state.connected, 20_000);
    expect(state.warning()).to.equal(undefined);
    // This Redis keeps nothing on its disk.
    expect(await state.get("key")).to.equal(undefined);
    await state.set("key", 2);
    expect(await state.get("key")).to.equal(2);
  });

  it("costs a call no more than its time when Redis is silent, and goes on when it speaks again", async () => {
    relay.deaf = true;
    const begun = performance.now();
    expect(await failure(state.get("key"))).to.contain("did not answer within 250 ms");
    expect(performance.now() - begun).to.be.at.least(REDIS_STATE.callMs - 20);
    expect(state.counts.late).to.equal(1);
    relay.deaf = false;
    relay.cut();
    await eventually("it answers again", async () => (await failure(state.set("key", 3))) === undefined, 20_000);
  });

  it("is not there at the start, and is used when it comes", async () => {
    const port = await reservePort();
    const early = open(port);
    expect(await failure(early.get("key"))).to.be.a("string");
    const late = new Relay(`tcp://127.0.0.1:${redis.port}`);
    Object.assign(late, { listening: port });
    await late.open();
    await eventually("it is connected", () => early.connected, 20_000);
    await early.set("key", 4);
    early.close();
    await late.close();
  });

  it("says why a wrong password is of no use", async () => {
    const wrong = open(relay.port, "one", "nobody:wrong@");
    await eventually("it was refused", () => /WRONGPASS|invalid/i.test(wrong.warning() ?? ""));
    expect(wrong.warning()).to.not.contain("wrong@");
    expect(wrong.connected).to.equal(false);
    wrong.close();
  });
});

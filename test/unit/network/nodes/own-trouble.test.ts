import { expect } from "chai";
import { LoopPauses } from "../../../../src/async/loop-pauses.js";
import type { CessAccount } from "../../../../src/model/account.js";
import type { ChainNode } from "../../../../src/network/chain/chain.js";
import { PersistentNodeRegistry } from "../../../../src/network/nodes/persistent-node-registry.js";
import { ManualClock } from "../../../support/manual-clock.js";

const account = (n: number) => `c${n}` as CessAccount;
const registered = (n: number): ChainNode => ({
  account: account(n),
  endpoint: `http://node${n}.example`,
  state: "positive",
  idleSpace: 1_000n,
});
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("The gateway's own trouble", () => {
  let clock: ManualClock;
  let pausedAt: number;
  let registry: PersistentNodeRegistry;

  beforeEach(() => {
    clock = new ManualClock();
    pausedAt = -Infinity;
  });

  function begin(nodes: number, cooldownMs = 10_000) {
    registry = PersistentNodeRegistry.inMemory(
      {
        chain: { nodes: () => Promise.resolve(numbers(nodes).map(registered)) },
        clock,
        pauses: { since: (time) => pausedAt >= time },
      },
      { failures: 3, missedReports: 1, firstCooldownMs: cooldownMs, maxCooldownMs: 600_000 },
    );
    return registry.nodes();
  }
  const fail = (n: number, began?: number) => registry.failed(account(n), "unreachable", "no answer", began);
  const cooling = () => numbers(40).filter((n) => registry.experience(account(n)).openUntil !== undefined);

  it("counts against no node that got no answer while the process stood still", async () => {
    await begin(20);
    for (let round = 0; round < 10; round++) {
      const began = clock.now();
      await clock.advance(20_000);
      pausedAt = clock.now() - 10_000;
      fail(1, began);
      registry.hedgedOut(account(2), "get", 20_000);
    }
    expect(cooling()).to.deep.equal([]);
    expect(registry.experience(account(1))).to.deep.include({ failures: 0, successRate: 1 });
    expect(registry.experience(account(2))).to.deep.include({ recentFailures: 0 });
    expect(registry.troubledSince(pausedAt)).to.equal(true);
    expect(registry.troubledSince(pausedAt + 1)).to.equal(false);
    await clock.advance(1_000);
    for (let round = 0; round < 3; round++) fail(1, clock.now());
    expect(cooling(), "a failure while nothing stood still counts").to.deep.equal([1]);
  });

  it("counts against no node when half of those that were asked within a moment fail", async () => {
    await begin(20);
    const began = clock.now();
    for (let round = 0; round < 3; round++) {
      for (const n of numbers(10)) fail(n);
      await clock.advance(1_000);
    }
    expect(cooling()).to.deep.equal([]);
    expect(registry.troubledSince(began)).to.equal(true);
    await clock.advance(20_000);
    expect(registry.troubledSince(clock.now() - 10_000), "it is over").to.equal(false);
  });

  it("holds it against the few that fail while most answer", async () => {
    await begin(40);
    for (let round = 0; round < 3; round++) {
      for (const n of numbers(40).reverse()) {
        if (n < 5) fail(n);
        else registry.succeeded(account(n), "put", 1_000, 10);
      }
      await clock.advance(1_000);
    }
    expect(cooling()).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("ends the cooldowns that began with the first of many failures", async () => {
    await begin(40);
    for (const n of numbers(3)) for (let round = 0; round < 3; round++) fail(n);
    expect(cooling()).to.deep.equal([0, 1, 2]);
    for (const n of numbers(10)) fail(n);
    expect(cooling()).to.deep.equal([]);
  });

  it("holds it against a node that has been gone for minutes, although many others are, too", async () => {
    await begin(40);
    for (let minute = 0; minute < 8; minute++) {
      for (const n of numbers(20)) fail(n);
      await clock.advance(60_000);
    }
    for (const n of numbers(20)) for (let round = 0; round < 3; round++) fail(n);
    expect(cooling()).to.deep.equal(numbers(20));
  });

  it("counts against no node that many are silent at once", async () => {
    await begin(20);
    for (const n of numbers(8)) registry.missedReport(account(n));
    expect(cooling()).to.deep.equal([]);
    await clock.advance(60_000);
    registry.missedReport(account(1));
    expect(cooling()).to.deep.equal([1]);
  });

  it("leaves enough nodes to place a file: the best of those in cooldown are used when too few others are left", async () => {
    await begin(20, 600_000);
    for (const n of numbers(3)) registry.gaveCorrupt(account(n));
    for (const n of [3, 4, 5, 6]) {
      for (let times = 0; times < 3; times++) fail(n);
      await clock.advance(20_000);
    }
    const open = cooling();
    expect(open).to.deep.equal(numbers(7));
    const available = (await registry.nodes(clock.now())).filter(({ openUntil }) => openUntil === undefined);
    expect(available.length).to.equal(15);
    expect(available.map((each) => each.account)).to.include.members([3, 4].map(account));
    const kept = (await registry.nodes()).filter(({ openUntil }) => openUntil !== undefined);
    expect(
      kept.map((each) => each.account),
      "the worst are kept out",
    ).to.include.members([0, 1, 2].map(account));
    for (const { account: other } of kept) expect(registry.admit(other)).to.include({ kind: "open" });
    for (const { account: other } of available) expect(registry.admit(other).kind).to.not.equal("open");
  });

  it("uses every registered node when there are no more than a file needs", async () => {
    await begin(13);
    for (let n = 0; n < 3; n++) {
      for (let round = 0; round < 3; round++) fail(n);
      await clock.advance(11_000);
      for (let round = 0; round < 3; round++) fail(n);
      await clock.advance(11_000);
    }
    for (const n of numbers(13)) expect(registry.admit(account(n)).kind).to.not.equal("open");
  });
});

describe("LoopPauses", () => {
  it("notices that timers come late, at the next look and when asked, and nothing else", async () => {
    let now = 1_000;
    const waiting: { at: number; resolve: () => void }[] = [];
    const clock = {
      now: () => now,
      sleep: (ms: number) => new Promise<void>((resolve) => waiting.push({ at: now + ms, resolve })),
    };
    const run = async (ms: number) => {
      const end = now + ms;
      while (waiting[0] && waiting[0].at <= end) {
        now = Math.max(now, waiting[0].at);
        waiting.shift()!.resolve();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = end;
    };
    const pauses = new LoopPauses(clock, { everyMs: 100, pauseMs: 300 }).start();
    await run(10_000);
    expect(pauses.since(0)).to.equal(false);
    const before = now;
    now += 2_000;
    expect(pauses.since(before), "asked before the late timer").to.equal(true);
    await run(0);
    const after = now;
    await run(5_000);
    expect(pauses.since(before)).to.equal(true);
    expect(pauses.since(after + 1)).to.equal(false);
    now += 1_000;
    await run(0);
    expect(pauses.since(after + 1)).to.equal(true);
    pauses.close();
    now += 60_000;
    expect(pauses.since(now - 1_000)).to.equal(false);
  });
});

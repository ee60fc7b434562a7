import { expect } from "chai";
import { DailyBudget } from "../../../src/async/daily-budget.js";
import { SHARED_LIMITS, SharedLimits } from "../../../src/async/shared-limits.js";
import { TokenBuckets } from "../../../src/async/token-buckets.js";
import type { KeyValueStore } from "../../../src/model/key-value-store.js";

/** What several processes share, as JSON would be. */
class SharedMap implements KeyValueStore {
  readonly texts = new Map<string, string>();
  away = false;

  get(key: string): Promise<unknown> {
    if (this.away) return Promise.reject(new Error("away"));
    return Promise.resolve(JSON.parse(this.texts.get(key) ?? "null"));
  }

  set(key: string, value: unknown): Promise<void> {
    if (this.away) return Promise.reject(new Error("away"));
    this.texts.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

const RATE = { perSecond: 100, burst: 500 };
const STEP_MS = 10;

describe("Limits that several processes keep together", () => {
  let now: number;
  let store: SharedMap;
  const clock = { now: () => now };
  beforeEach(() => {
    now = 1_760_000_000_000;
    store = new SharedMap();
  });
  const start = (member: string) => {
    const limits = new SharedLimits({ store, clock }, member);
    const buckets = new TokenBuckets(clock, RATE);
    limits.add("key", buckets);
    return { limits, buckets };
  };
  type Process = ReturnType<typeof start>;

  /** All ask for a key as often as they may; returns what was let through in each second. */
  async function ask(processes: readonly Process[], seconds: number, key = "client"): Promise<number[]> {
    const through: number[] = [];
    for (let second = 0; second < seconds; second++) {
      let count = 0;
      for (let ms = 0; ms < 1_000; ms += STEP_MS) {
        for (const { buckets } of processes) for (let n = 0; n < 20; n++) if (buckets.take(key) === 0) count++;
        if (ms % SHARED_LIMITS.intervalMs === 0)
          for (const { limits } of processes) await limits.exchange().catch(() => undefined);
        now += STEP_MS;
      }
      through.push(count);
    }
    return through;
  }
  const sum = (counts: readonly number[]) => counts.reduce((all, each) => all + each, 0);

  it("let through together what one would, but for the first burst of each and what they did not know of each other", async () => {
    for (const members of [1, 2, 3, 4]) {
      store = new SharedMap();
      const processes = Array.from({ length: members }, (_, n) => start(`m${members}${n}`));
      const minute = sum(await ask(processes, 60));
      expect(minute, `${members} processes`).to.be.at.least(60 * RATE.perSecond);
      expect(minute, `${members} processes`).to.be.at.most(
        60 * RATE.perSecond + RATE.burst * members + RATE.perSecond * members,
      );
      // From then on it is the rate alone.
      const later = sum(await ask(processes, 60));
      expect(later, `${members} processes, later`).to.be.within(0.95 * 60 * RATE.perSecond, 1.05 * 60 * RATE.perSecond);
    }
  });

  it("leave one process all of the rate while the others have nothing to do", async () => {
    const processes = ["a", "b", "c"].map(start);
    await ask(processes, 1);
    await ask(processes.slice(0, 1), 30);
    expect(sum(await ask(processes.slice(0, 1), 30))).to.be.within(0.98 * 3_000, 1.02 * 3_000);
  });

  it("are each process's own while the store is away, and common again afterwards", async () => {
    const processes = ["a", "b"].map(start);
    await ask(processes, 30);
    store.away = true;
    expect(sum(await ask(processes, 30))).to.be.within(0.9 * 6_000, 1.1 * 6_000);
    store.away = false;
    await ask(processes, 30);
    expect(sum(await ask(processes, 60))).to.be.within(0.95 * 6_000, 1.05 * 6_000);
  });

  it("count what another process used once, however often it is read, and also when a read was missed", async () => {
    const [one, two] = [start("one"), start("two")];
    await one.limits.exchange();
    await two.limits.exchange();
    for (let n = 0; n < 300; n++) one.buckets.take("client");
    await one.limits.exchange();
    await one.limits.exchange();
    for (let n = 0; n < 5; n++) await two.limits.exchange();
    let left = 0;
    while (two.buckets.take("client") === 0) left++;
    expect(left).to.equal(200);
  });

  it("find each other although they overwrite each other's entry in the list of members", async () => {
    const processes = ["a", "b", "c"].map(start);
    await Promise.all(processes.map(({ limits }) => limits.exchange()));
    for (let n = 0; n < 4; n++) for (const { limits } of processes) await limits.exchange();
    for (let n = 0; n < 100; n++) processes[0]!.buckets.take("client");
    for (let n = 0; n < 2; n++) for (const { limits } of processes) await limits.exchange();
    for (const { buckets } of processes.slice(1)) {
      let left = 0;
      while (buckets.take("client") === 0) left++;
      expect(left).to.equal(400);
    }
  });

  it("do not mind what others have written: rubbish, names and keys that they do not have, and numbers below zero", async () => {
    const { limits, buckets } = start("one");
    for (const rubbish of [
      "5",
      '"x"',
      "[1]",
      "{}",
      '[[1,{"key":{"client":-5}}]]',
      '[[1,{"other":{"client":5}}]]',
      '[[1,{"__proto__":{"client":5}}]]',
    ]) {
      store.texts.set("limits:members", JSON.stringify({ two: now }));
      store.texts.set("limits:two", rubbish);
      await limits.exchange();
    }
    store.texts.set("limits:members", '{"two":"now"}');
    await limits.exchange();
    let left = 0;
    while (buckets.take("client") === 0) left++;
    expect(left).to.equal(RATE.burst);
  });

  it("tell of so many clients at most, and forget them soon", async () => {
    const { limits, buckets } = start("one");
    for (let n = 0; n < SHARED_LIMITS.keys + 500; n++) buckets.take(`client ${n}`);
    await limits.exchange();
    const [[, told]] = JSON.parse(store.texts.get("limits:one") ?? "") as [[number, { key: object }]];
    expect(Object.keys(told.key)).to.have.length(SHARED_LIMITS.keys);
    for (let n = 0; n < SHARED_LIMITS.rounds; n++) await limits.exchange();
    buckets.take("client");
    await limits.exchange();
    const [[, after]] = JSON.parse(store.texts.get("limits:one") ?? "") as [[number, { key: object }]];
    expect(after.key).to.deep.equal({ client: 1 });
  });

  it("hold for bytes of a day, too", async () => {
    const [one, two] = ["one", "two"].map((member) => {
      const limits = new SharedLimits({ store, clock }, member);
      const budget = new DailyBudget(clock, 24_000);
      limits.add("bytes", budget);
      return { limits, budget };
    });
    for (const { limits } of [one!, two!]) await limits.exchange();
    expect(one!.budget.spend(1_500)).to.equal(true);
    await one!.limits.exchange();
    await two!.limits.exchange();
    expect(two!.budget.waitMs()).to.be.within(1_700_000, 1_800_001);
  });
});

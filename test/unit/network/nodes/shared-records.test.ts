import { expect } from "chai";
import type { CessAccount } from "../../../../src/model/account.js";
import type { KeyValueStore } from "../../../../src/model/key-value-store.js";
import { PersistentNodeRegistry } from "../../../../src/network/nodes/persistent-node-registry.js";
import { RECORDS_KEY } from "../../../../src/network/nodes/shared-records.js";
import { ManualClock } from "../../../support/manual-clock.js";

const node = (name: string) => name as CessAccount;

/** What several processes share, as JSON would be. */
class SharedMap implements KeyValueStore {
  readonly texts = new Map<string, string>();
  away = false;

  get(key: string): Promise<unknown> {
    if (this.away) return Promise.reject(new Error("away"));
    const text = this.texts.get(key);
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text));
  }

  set(key: string, value: unknown): Promise<void> {
    if (this.away) return Promise.reject(new Error("away"));
    this.texts.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

describe("What several gateways have learned of storage nodes", () => {
  const clock = new ManualClock();
  let shared: SharedMap;
  beforeEach(() => (shared = new SharedMap()));
  const open = (store?: KeyValueStore) =>
    PersistentNodeRegistry.open({
      chain: { nodes: () => Promise.resolve([]) },
      clock,
      shared,
      ...(store && { store }),
    });
  const fail = (registry: PersistentNodeRegistry, name: string) => {
    for (let n = 0; n < 3; n++) registry.failed(node(name), "unreachable", "no answer");
  };

  it("is joined: none overwrites what others know of nodes that it has not met", async () => {
    const [one, two] = [await open(), await open()];
    one.succeeded(node("a"), "put", 1_000, 10);
    two.succeeded(node("b"), "put", 1_000, 10);
    await one.save();
    await two.save();
    await one.save();
    for (const registry of [one, two, await open()])
      expect(
        registry
          .table()
          .map(({ account }) => account)
          .sort(),
      ).to.deep.equal(["a", "b"]);
  });

  it("is known to the others after they have saved, a node that fails as well as one that is back", async () => {
    const [one, two] = [await open(), await open()];
    fail(one, "a");
    await one.save();
    await two.save();
    expect(two.admit(node("a")).kind).to.equal("open");
    await clock.advance(1);
    two.succeeded(node("a"), "put", 1_000, 10);
    expect(two.admit(node("a")).kind).to.equal("closed");
    await two.save();
    await one.save();
    expect(one.admit(node("a")).kind).to.equal("closed");
  });

  it("of a node that two have met meanwhile counts as the mean of both, with the state that was seen last", async () => {
    const [one, two] = [await open(), await open()];
    for (let n = 0; n < 100; n++) one.succeeded(node("a"), "put", 10_000, 1_000);
    await clock.advance(1);
    for (let n = 0; n < 50; n++) two.failed(node("a"), "refused", "not now");
    await one.save();
    await two.save();
    const merged = two.experience(node("a"));
    expect(merged.successRate).to.be.closeTo(0.5, 0.01);
    expect([merged.put.count, merged.failures, merged.lagging]).to.deep.equal([100, 50, true]);
    await one.save();
    expect(one.experience(node("a"))).to.deep.equal(merged);
    // Nothing new: nothing moves any more.
    for (let n = 0; n < 5; n++) for (const registry of [one, two]) await registry.save();
    expect(one.experience(node("a"))).to.deep.equal(merged);
  });

  it("is kept apart while the store is away, and told when it is back", async () => {
    const [one, two] = [await open(), await open()];
    shared.away = true;
    one.succeeded(node("a"), "get", 1_000, 10);
    await one.save();
    expect(one.experience(node("a")).get.count).to.equal(1);
    shared.away = false;
    await one.save();
    await two.save();
    expect(two.experience(node("a")).get.count).to.equal(1);
  });

  it("is learned again where the store holds rubbish", async () => {
    for (const rubbish of ['"text"', "{}", '[1,null,{"account":"a"}]', '[{"account":"a","rates":["x"]}]']) {
      shared.texts.set(RECORDS_KEY, rubbish);
      const registry = await open();
      expect(registry.table(), rubbish).to.deep.equal([]);
      registry.succeeded(node("b"), "get", 1_000, 10);
      await registry.save();
      expect(shared.texts.get(RECORDS_KEY)).to.contain('"account":"b"');
    }
  });

  it("stays small: the nodes that were met last", async () => {
    const registry = await open();
    for (let n = 0; n < 1_200; n++) {
      registry.succeeded(node(`n${n}`), "get", 1_000, 10);
      await clock.advance(1);
    }
    await registry.save();
    const told = JSON.parse(shared.texts.get(RECORDS_KEY) ?? "") as { account: string }[];
    expect([told.length, told[0]?.account, told.at(-1)?.account]).to.deep.equal([1_000, "n1199", "n200"]);
    expect(registry.table()).to.have.length(1_200);
  });
});

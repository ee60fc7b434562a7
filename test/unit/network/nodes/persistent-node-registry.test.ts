import { expect } from "chai";
import type { CessAccount } from "../../../../src/model/account.js";
import type { Fid, Hash } from "../../../../src/model/hash.js";
import type { ChainNode } from "../../../../src/network/chain/chain.js";
import { MeasuredNodes } from "../../../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../../../src/network/nodes/persistent-node-registry.js";
import type { NodeRegistrySettings } from "../../../../src/network/nodes/registry-settings.js";
import { type NodeAddress, NodeFailure, type Nodes } from "../../../../src/network/nodes/nodes.js";
import { expectFailure } from "../../../suites/nodes.js";
import { ManualClock } from "../../../support/manual-clock.js";

const account = (n: number) => `c${n}` as CessAccount;
const node = (n: number): NodeAddress => ({ account: account(n), endpoint: `http://node${n}.example` });
const registered = (n: number): ChainNode => ({ ...node(n), state: "positive", idleSpace: 1_000n });
const name = { fid: "f" as Fid, hash: "h" as Hash };
const bytes = new Uint8Array(1_000);

/** What the next transfers do: take so long, or fail. */
class Scripted implements Nodes {
  calls = 0;
  next: (NodeFailure["kind"] | number)[] = [];
  constructor(readonly clock: ManualClock) {}
  async put(target: NodeAddress): Promise<void> {
    this.calls++;
    const what = this.next.shift() ?? 10;
    if (typeof what === "string") throw new NodeFailure(what, target, "scripted");
    await this.clock.advance(what);
  }
  async get(target: NodeAddress): Promise<Uint8Array> {
    await this.put(target);
    return bytes;
  }
  getRange = this.get.bind(this);
}

describe("The node registry", () => {
  const clock = new ManualClock();
  let scripted: Scripted;
  let registry: PersistentNodeRegistry;
  let nodes: MeasuredNodes;
  let chain: { register: ChainNode[]; reads: number; nodes(): Promise<ChainNode[]> };

  function begin(settings: Partial<NodeRegistrySettings> = {}) {
    chain = {
      register: [registered(1), registered(2)],
      reads: 0,
      nodes() {
        this.reads++;
        return Promise.resolve(this.register);
      },
    };
    scripted = new Scripted(clock);
    registry = PersistentNodeRegistry.inMemory(
      { chain, clock },
      { failures: 2, missedReports: 2, firstCooldownMs: 100, maxCooldownMs: 350, ...settings },
    );
    nodes = new MeasuredNodes({ nodes: scripted, registry, clock });
  }
  beforeEach(() => begin());
  const put = (n: number) => nodes.put(node(n), name, bytes);
  const openMs = (n: number) => {
    const until = registry.experience(account(n)).openUntil;
    return until === undefined ? undefined : until - clock.now();
  };

  describe("the circuit of a node", () => {
    it("passes over a node after failures in a row, for a time that doubles with each failure while it is half-open up to its bound", async () => {
      scripted.next = Array<"unreachable">(9).fill("unreachable");
      await expectFailure(put(1), "unreachable");
      expect(openMs(1)).to.equal(undefined);
      for (const cooldown of [100, 200, 350, 350]) {
        await expectFailure(put(1), "unreachable");
        expect(openMs(1)).to.equal(cooldown);
        const calls = scripted.calls;
        await expectFailure(put(1), "circuit-open");
        expect(scripted.calls).to.equal(calls);
        await clock.advance(cooldown);
        expect(registry.experience(account(1))).to.include({ halfOpen: true });
      }
    });

    it("tries a node with a half-open circuit with one transfer at a time, and closes it when that ends well", async () => {
      scripted.next = ["unreachable", "unreachable"];
      for (let i = 0; i < 2; i++) await expectFailure(put(1), "unreachable");
      await clock.advance(100);
      let end: () => void = () => undefined;
      const slow = new MeasuredNodes({
        registry,
        clock,
        nodes: {
          put: () => new Promise<void>((resolve) => (end = resolve)),
          get: () => Promise.resolve(bytes),
          getRange: () => Promise.resolve(bytes),
        },
      });
      const trial = slow.put(node(1), name, bytes);
      await expectFailure(put(1), "circuit-open");
      end();
      await trial;
      expect(registry.experience(account(1))).to.include({ halfOpen: false });
      await Promise.all([put(1), put(1)]);
    });

    it("ends with any sign that the node is there, and counts failures of one misfortune once", async () => {
      for (const sign of [10, "refused", "missing"] as const) {
        begin();
        scripted.next = ["unreachable", sign, "unreachable"];
        for (let i = 0; i < 3; i++) await put(1).catch(() => undefined);
        expect(openMs(1)).to.equal(undefined);
      }
      begin();
      scripted.next = Array<"unreachable">(6).fill("unreachable");
      await Promise.allSettled(Array.from({ length: 6 }, () => put(1)));
      expect(openMs(1)).to.equal(100);
    });

    it("leaves other nodes alone, and blames none for what is not theirs", async () => {
      scripted.next = ["unreachable", "unreachable", "busy", "busy", "busy"];
      for (let i = 0; i < 2; i++) await expectFailure(put(1), "unreachable");
      for (let i = 0; i < 3; i++) await expectFailure(put(2), "busy");
      expect(registry.experience(account(2))).to.deep.include({ failures: 0, successRate: 1 });
      await put(2);
    });

    it("does not keep readers from a node whose circuit is open: it may hold the fourth fragment", async () => {
      scripted.next = ["unreachable", "unreachable"];
      for (let i = 0; i < 2; i++) await expectFailure(put(1), "unreachable");
      await nodes.get(node(1), name);
      expect(openMs(1), "an answer closes the circuit").to.equal(undefined);
    });

    it("is closed by a part of a fragment, whose time does not count as that of a fragment", async () => {
      scripted.next = ["unreachable", "unreachable", 70];
      for (let i = 0; i < 2; i++) await expectFailure(put(1), "unreachable");
      expect(registry.experience(account(1)).lagging).to.equal(true);
      await nodes.getRange(node(1), name, { start: 0, end: 1_000 });
      expect(openMs(1)).to.equal(undefined);
      expect(registry.experience(account(1))).to.deep.include({ lagging: false, get: { count: 0 } });
      expect(registry.usualGetMs()).to.equal(undefined);
    });

    it("does not open because a node gives whole fragments only, but does because it does not answer a range", async () => {
      const range = () => nodes.getRange(node(1), name, { start: 0, end: 1_000 });
      scripted.next = [...Array<"no-ranges">(3).fill("no-ranges"), "unreachable", "unreachable"];
      for (let i = 0; i < 3; i++) await expectFailure(range(), "no-ranges");
      expect(registry.experience(account(1))).to.deep.include({ failures: 0, successRate: 1, lagging: false });
      for (let i = 0; i < 2; i++) await expectFailure(range(), "unreachable");
      expect(openMs(1)).to.equal(100);
    });

    it("comes with missed reports in a row, which good transfers do not undo and a report does", async () => {
      registry.missedReport(account(1));
      registry.reported(account(1));
      registry.missedReport(account(1));
      expect(openMs(1)).to.equal(undefined);
      registry.missedReport(account(1));
      expect(openMs(1)).to.equal(100);
      await nodes.get(node(1), name);
      expect(openMs(1)).to.equal(90);
      await clock.advance(90);
      registry.reported(account(1));
      expect(registry.experience(account(1))).to.include({ halfOpen: false, missedReports: 3 });
    });

    it("opens at once on corrupt bytes, and for longer each further time", () => {
      registry.gaveCorrupt(account(1));
      expect(openMs(1)).to.equal(100);
      registry.gaveCorrupt(account(1));
      expect(openMs(1)).to.equal(200);
      expect(registry.experience(account(1))).to.include({ corrupt: 2 });
    });
  });

  describe("experience", () => {
    it("knows throughput and latency of each direction, and forgets old times", async () => {
      for (let i = 0; i < 100; i++) await put(1);
      scripted.next = Array<number>(95).fill(100).concat(Array<number>(5).fill(1_000));
      for (let i = 0; i < 100; i++) await nodes.get(node(1), name);
      const { put: given, get } = registry.experience(account(1));
      expect(given.p50Ms).to.be.closeTo(10, 2.5);
      expect(given.bytesPerSecond).to.be.closeTo(100_000, 1);
      expect(get.p50Ms).to.be.closeTo(100, 25);
      expect(get.p95Ms).to.be.greaterThan(800);
      for (let i = 0; i < 200; i++) await nodes.get(node(1), name);
      expect(registry.experience(account(1)).get.p95Ms).to.be.closeTo(10, 3);
    });

    it("holds it against a node when it is hedged out by far, not when it lost a race early", async () => {
      for (let i = 0; i < 20; i++) await put(1);
      registry.hedgedOut(account(1), "put", 9);
      expect(registry.experience(account(1))).to.include({ recentFailures: 0 });
      registry.hedgedOut(account(1), "put", 500);
      expect(registry.experience(account(1)).recentFailures).to.equal(1);
      expect(registry.experience(account(1)).successRate).to.equal(1);
      await clock.advance(60_000);
      expect(registry.experience(account(1)).recentFailures).to.be.closeTo(0.5, 0.01);
    });

    it("calls a node lagging from its failure until a fragment has come from it", async () => {
      expect(registry.experience(account(1)).lagging).to.equal(false);
      registry.failed(account(1), "missing", "no such fragment");
      await put(1);
      expect(registry.experience(account(1)).lagging).to.equal(true);
      await nodes.get(node(1), name);
      expect(registry.experience(account(1)).lagging).to.equal(false);
    });

    it("counts a time limit as the node's failure and its caller's leaving as none", async () => {
      const hanging: Nodes = {
        put: (_node, _fragment, _bytes, signal) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error))),
        get: () => Promise.resolve(bytes),
        getRange: () => Promise.resolve(bytes),
      };
      const booked = new MeasuredNodes({ nodes: hanging, registry, clock });
      for (const reason of [new Error("not needed any more"), new NodeFailure("unreachable", node(1), "too slow")]) {
        const controller = new AbortController();
        const transfer = booked.put(node(1), name, bytes, controller.signal).catch((error: unknown) => error);
        controller.abort(reason);
        expect(await transfer).to.equal(reason);
      }
      expect(registry.experience(account(1)).failures).to.equal(1);
    });
  });

  describe("what placement reads", () => {
    it("reads the chain's register once for all who ask within a while, and anew for who wants it later", async () => {
      await Promise.all([registry.nodes(), registry.nodes(), registry.nodes()]);
      await clock.advance(29_000);
      await registry.nodes();
      expect(chain.reads).to.equal(1);
      await clock.advance(2_000);
      await registry.nodes();
      expect(chain.reads).to.equal(2);
      await clock.advance(1);
      await registry.nodes(clock.now());
      expect(chain.reads).to.equal(3);
    });

    it("does not keep a failed reading", async () => {
      const read = () => registry.nodes().then(() => "read", String);
      chain.nodes = () => Promise.reject(new Error("no endpoint answers"));
      expect(await read()).to.equal("Error: no endpoint answers");
      chain.nodes = () => Promise.resolve([registered(1)]);
      expect(await read()).to.equal("read");
    });

    it("rates nodes by how they served, with the benefit of the doubt for unknown ones", async () => {
      chain.register = [1, 2, 3, 4].map(registered);
      for (let i = 0; i < 10; i++) await put(1);
      scripted.next = Array<number>(10).fill(100);
      for (let i = 0; i < 10; i++) await put(2);
      for (let i = 0; i < 3; i++) await put(4);
      for (let i = 0; i < 5; i++) registry.failed(account(4), "refused", "full");
      const [fast, slow, unknown, refusing] = (await registry.nodes()).map(({ quality }) => quality) as [
        number,
        number,
        number,
        number,
      ];
      expect(fast).to.equal(1);
      expect(slow).to.be.closeTo(0.1, 0.01);
      expect(unknown).to.equal(1);
      expect(refusing).to.be.within(0.02, 0.5);
      expect(registry.metrics()).to.include({ failures: 5, cooldowns: 0, open: 0 });
      expect(registry.metrics().states).to.include({ positive: 4, frozen: 0 });
      expect(registry.table().map((row) => row.account)).to.have.members(["c1", "c2", "c3", "c4"]);
    });
  });

  describe("across restarts", () => {
    class FailingStore {
      value: unknown;
      broken = false;
      get(): Promise<unknown> {
        return Promise.resolve(this.value);
      }
      set(_key: string, value: unknown): Promise<void> {
        if (this.broken) return Promise.reject(new Error("disk full"));
        this.value = JSON.parse(JSON.stringify(value));
        return Promise.resolve();
      }
    }

    it("keeps experience and open circuits", async () => {
      const store = new FailingStore();
      const first = await PersistentNodeRegistry.open({ chain, clock, store });
      for (let i = 0; i < 5; i++) first.succeeded(account(1), "get", 1_000, 50);
      first.gaveCorrupt(account(2));
      first.missedReport(account(2));
      await first.save();
      const second = await PersistentNodeRegistry.open({ chain, clock, store });
      for (const n of [1, 2]) {
        const [{ get: before, ...known }, { get: after, ...kept }] = [
          first.experience(account(n)),
          second.experience(account(n)),
        ];
        expect(kept).to.deep.equal(known);
        expect(after.count).to.equal(before.count);
        expect(after.p95Ms ?? 0).to.be.closeTo(before.p95Ms ?? 0, 0.1);
      }
    });

    it("begins anew when the store holds rubbish, and says when it cannot be written, to try again", async () => {
      const store = new FailingStore();
      const first = await PersistentNodeRegistry.open({ chain, clock, store });
      first.gaveCorrupt(account(1));
      await first.save();
      const [saved] = store.value as object[];
      const damaged = [
        { ...saved, rates: ["x", null] },
        { ...saved, open: { until: 1e15, cause: "unheard of" } },
      ];
      for (const rubbish of ["text", [{ account: "c1" }], [null], { a: 1 }, damaged]) {
        store.value = rubbish;
        const opened = await PersistentNodeRegistry.open({ chain, clock, store });
        expect(opened.experience(account(1))).to.deep.include({ successRate: 1, corrupt: 0 });
      }
      const kept = await PersistentNodeRegistry.open({ chain, clock, store });
      kept.gaveCorrupt(account(1));
      store.broken = true;
      expect(await kept.save().then(() => "saved", String)).to.equal("Error: disk full");
      store.broken = false;
      await kept.save();
      expect((await PersistentNodeRegistry.open({ chain, clock, store })).experience(account(1)).corrupt).to.equal(1);
    });

    it("forgets the node that it met longest ago when it is full", () => {
      begin({ remembered: 2 });
      for (const n of [1, 2, 1, 3]) registry.missedReport(account(n));
      expect([1, 2, 3].map((n) => registry.experience(account(n)).missedReports)).to.deep.equal([2, 0, 1]);
    });
  });
});

import { expect } from "chai";
import type { CessAccount } from "../../../../src/model/account.js";
import type { Clock } from "../../../../src/model/clock.js";
import type { Fid, Hash } from "../../../../src/model/hash.js";
import { CoolingNodes } from "../../../../src/network/nodes/cooling-nodes.js";
import { LimitedNodes } from "../../../../src/network/nodes/limited-nodes.js";
import { type NodeAddress, NodeFailure, type Nodes } from "../../../../src/network/nodes/nodes.js";
import { RetryingNodes } from "../../../../src/network/nodes/retrying-nodes.js";
import { expectFailure, failure } from "../../../suites/nodes.js";

const address = (n: number): NodeAddress => ({ account: `c${n}` as CessAccount, endpoint: `http://node${n}.example` });
const [one, two] = [address(1), address(2)];
const name = { fid: "f" as Fid, hash: "h" as Hash };
const bytes = new Uint8Array(1);

/** Fails with the given kinds, one after another, then succeeds. */
class Scripted implements Nodes {
  calls = 0;
  constructor(readonly kinds: (NodeFailure["kind"] | undefined)[]) {}
  async put(node: NodeAddress): Promise<void> {
    this.calls++;
    const kind = this.kinds.shift();
    return kind ? Promise.reject(new NodeFailure(kind, node, "scripted")) : Promise.resolve();
  }
  async get(node: NodeAddress): Promise<Uint8Array> {
    await this.put(node);
    return bytes;
  }
}

/** Time that passes only by sleeping. */
class ManualClock implements Clock {
  time = 1_000_000;
  readonly slept: number[] = [];
  now(): number {
    return this.time;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.slept.push(ms);
    this.time += ms;
    return Promise.resolve();
  }
}

describe("RetryingNodes", () => {
  it("tries again after no answer, waiting longer each time", async () => {
    const [nodes, clock] = [new Scripted(["unreachable", "unreachable"]), new ManualClock()];
    await new RetryingNodes({ nodes, clock, random: () => 0.5 }, { firstDelayMs: 100 }).put(one, name, bytes);
    expect(nodes.calls).to.equal(3);
    expect(clock.slept).to.deep.equal([75, 150]);
  });

  it("gives up after its attempts, with the last failure", async () => {
    const [nodes, clock] = [new Scripted(Array<"unreachable">(9).fill("unreachable")), new ManualClock()];
    await expectFailure(new RetryingNodes({ nodes, clock }, { attempts: 4 }).get(one, name), "unreachable");
    expect(nodes.calls).to.equal(4);
  });

  it("waits no longer than its longest delay", async () => {
    const [nodes, clock] = [new Scripted(Array<"unreachable">(9).fill("unreachable")), new ManualClock()];
    const settings = { attempts: 10, firstDelayMs: 100, maxDelayMs: 300 };
    await new RetryingNodes({ nodes, clock, random: () => 0.999 }, settings).get(one, name);
    expect(Math.max(...clock.slept)).to.be.within(250, 300);
  });

  for (const kind of ["refused", "missing", "cooling", "busy", "forbidden-endpoint"] as const) {
    it(`does not try again what is \`${kind}\``, async () => {
      const [nodes, clock] = [new Scripted([kind]), new ManualClock()];
      await expectFailure(new RetryingNodes({ nodes, clock }).get(one, name), kind);
      expect(nodes.calls).to.equal(1);
    });
  }

  it("ends its waiting when the caller gives up", async () => {
    const [nodes, clock, controller] = [new Scripted(["unreachable"]), new ManualClock(), new AbortController()];
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await failure(new RetryingNodes({ nodes, clock }).get(one, name, controller.signal))).to.equal(reason);
  });
});

describe("CoolingNodes", () => {
  const settings = { failures: 2, firstCooldownMs: 100, maxCooldownMs: 350 };

  it("passes over a node after failures in a row, for a time that doubles up to its bound", async () => {
    const [nodes, clock] = [new Scripted(Array<"unreachable">(9).fill("unreachable")), new ManualClock()];
    const cooling = new CoolingNodes({ nodes, clock }, settings);
    await expectFailure(cooling.get(one, name), "unreachable");
    expect(cooling.coolingUntil(one.account)).to.equal(undefined);
    for (const cooldown of [100, 200, 350, 350]) {
      await expectFailure(cooling.get(one, name), "unreachable");
      expect(cooling.coolingUntil(one.account)).to.equal(clock.time + cooldown);
      const calls = nodes.calls;
      await expectFailure(cooling.get(one, name), "cooling");
      expect(nodes.calls).to.equal(calls);
      clock.time += cooldown;
      expect(cooling.coolingUntil(one.account)).to.equal(undefined);
    }
  });

  it("forgets failures with the first success, and with any sign that the node is there", async () => {
    for (const sign of [undefined, "refused", "missing"] as const) {
      const nodes = new Scripted(["unreachable", sign, "unreachable"]);
      const cooling = new CoolingNodes({ nodes, clock: new ManualClock() }, settings);
      for (let i = 0; i < 3; i++) await cooling.put(one, name, bytes).catch(() => undefined);
      expect(cooling.coolingUntil(one.account)).to.equal(undefined);
    }
  });

  it("counts failures that end together once the node cools as one misfortune", async () => {
    const [nodes, clock] = [new Scripted(Array<"unreachable">(6).fill("unreachable")), new ManualClock()];
    const cooling = new CoolingNodes({ nodes, clock }, settings);
    await Promise.allSettled(Array.from({ length: 6 }, () => cooling.get(one, name)));
    expect(cooling.coolingUntil(one.account)).to.equal(clock.time + 100);
  });

  it("leaves other nodes alone, and blames none for what is not theirs", async () => {
    const nodes = new Scripted(["unreachable", "unreachable", "busy", "busy", "forbidden-endpoint", "forbidden-endpoint"]);
    const cooling = new CoolingNodes({ nodes, clock: new ManualClock() }, settings);
    for (let i = 0; i < 2; i++) await failure(cooling.get(one, name));
    for (let i = 0; i < 4; i++) await failure(cooling.get(two, name));
    expect(cooling.coolingUntil(two.account)).to.equal(undefined);
    await cooling.get(two, name);
  });
});

/** Each transfer ends when the test says so. */
class Held implements Nodes {
  readonly running: { readonly account: string; finish(): void }[] = [];
  readonly started: string[] = [];
  async put(node: NodeAddress): Promise<void> {
    this.started.push(node.account);
    await new Promise<void>((resolve) => {
      const entry = { account: node.account, finish: () => {
        this.running.splice(this.running.indexOf(entry), 1);
        resolve();
      } };
      this.running.push(entry);
    });
  }
  async get(node: NodeAddress): Promise<Uint8Array> {
    await this.put(node);
    return bytes;
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("LimitedNodes", () => {
  it("runs no more transfers than it may, in all and per node, first come first served", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { transfers: 3, transfersPerNode: 2 });
    const order = [one, one, one, two, two, one];
    const all = order.map((node) => limited.put(node, name, bytes));
    await turn();
    expect(nodes.started).to.deep.equal(["c1", "c1", "c2"]);
    nodes.running[2]!.finish();
    await turn();
    expect(nodes.started, "the full node's waiter lets another's pass").to.deep.equal(["c1", "c1", "c2", "c2"]);
    nodes.running[0]!.finish();
    await turn();
    expect(nodes.started[4]).to.equal("c1");
    while (nodes.running.length > 0) {
      expect(nodes.running.length).to.be.at.most(3);
      nodes.running[0]!.finish();
      await turn();
    }
    await Promise.all(all);
    expect(nodes.started).to.have.length(order.length);
  });

  it("refuses what its queue cannot hold as `busy`", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { transfers: 1, waiting: 1 });
    const all = [limited.get(one, name), limited.get(one, name)];
    await turn();
    await expectFailure(limited.get(one, name), "busy");
    for (let i = 0; i < 2; i++, await turn()) nodes.running[0]!.finish();
    await Promise.all(all);
  });

  it("lets a waiting caller leave, and frees the place of a failed transfer", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { transfers: 1 });
    const [controller, reason] = [new AbortController(), new Error("enough")];
    const first = limited.get(one, name);
    const left = failure(limited.get(one, name, controller.signal));
    const third = limited.get(one, name);
    controller.abort(reason);
    expect(await left).to.equal(reason);
    nodes.running[0]!.finish();
    await turn();
    nodes.running[0]!.finish();
    await Promise.all([first, third]);
    const failing = new LimitedNodes({ nodes: new Scripted(["refused"]) }, { transfers: 1 });
    await expectFailure(failing.get(one, name), "refused");
    await failing.get(one, name);
  });
});

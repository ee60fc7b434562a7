import { expect } from "chai";
import type { CessAccount } from "../../../../src/model/account.js";
import type { Fid, Hash } from "../../../../src/model/hash.js";
import { LimitedNodes } from "../../../../src/network/nodes/limited-nodes.js";
import { type NodeAddress, NodeFailure, type Nodes } from "../../../../src/network/nodes/nodes.js";
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
  getRange = this.get.bind(this);
}

/** Each transfer ends when the test says so. */
class Held implements Nodes {
  readonly running: { readonly account: string; finish(): void }[] = [];
  readonly started: string[] = [];
  async put(node: NodeAddress): Promise<void> {
    this.started.push(node.account);
    await new Promise<void>((resolve) => {
      const entry = {
        account: node.account,
        finish: () => {
          this.running.splice(this.running.indexOf(entry), 1);
          resolve();
        },
      };
      this.running.push(entry);
    });
  }
  async get(node: NodeAddress): Promise<Uint8Array> {
    await this.put(node);
    return bytes;
  }
  getRange = this.get.bind(this);
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("LimitedNodes", () => {
  it("runs no more fetches than it may, in all and per node, first come first served", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { fetches: 3, fetchesPerNode: 2 });
    const order = [one, one, one, two, two, one];
    const all = order.map((node) => limited.get(node, name));
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

  it("has places for ranges that whole fragments do not take, as many as it may in all and per node", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { fetches: 1, ranges: 2, rangesPerNode: 1, waiting: 1 });
    const range = { start: 0, end: 1 };
    const fragment = limited.get(one, name);
    const ranges = [one, one, two].map((node) => limited.getRange(node, name, range));
    await turn();
    expect(nodes.started).to.deep.equal(["c1", "c1", "c2"]);
    await expectFailure(limited.getRange(two, name, range), "busy");
    for (let i = 0; i < 4; i++, await turn()) nodes.running[0]!.finish();
    await Promise.all([fragment, ...ranges]);
  });

  it("refuses what its queue cannot hold as `busy`", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { fetches: 1, waiting: 1 });
    const all = [limited.get(one, name), limited.get(one, name)];
    await turn();
    await expectFailure(limited.get(one, name), "busy");
    for (let i = 0; i < 2; i++, await turn()) nodes.running[0]!.finish();
    await Promise.all(all);
  });

  it("lets a waiting caller leave, and frees the place of a failed fetch", async () => {
    const nodes = new Held();
    const limited = new LimitedNodes({ nodes }, { fetches: 1 });
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
    const failing = new LimitedNodes({ nodes: new Scripted(["refused"]) }, { fetches: 1 });
    await expectFailure(failing.get(one, name), "refused");
    await failing.get(one, name);
  });
});

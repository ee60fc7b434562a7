import { expect } from "chai";
import type { CessAccount } from "../../../src/model/account.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";
import { PersistentNodeRegistry } from "../../../src/network/nodes/persistent-node-registry.js";
import { NodeScores } from "../../../src/retrieval/node-scores.js";
import { MemoryChain } from "./memory-network.js";

const [quick, slow, unknown] = ["cQuick", "cSlow", "cUnknown"] as CessAccount[] as [
  CessAccount,
  CessAccount,
  CessAccount,
];

describe("NodeScores", () => {
  let time: number;
  let registry: PersistentNodeRegistry;
  let scores: NodeScores;

  beforeEach(() => {
    time = 0;
    registry = PersistentNodeRegistry.inMemory({
      chain: new MemoryChain(),
      clock: { now: () => time, sleep: () => Promise.resolve() },
    });
    scores = new NodeScores(registry, { minHedgeMs: 50, maxHedgeMs: 3000 });
    for (let n = 0; n < 40; n++) registry.succeeded(quick, "get", FRAGMENT_SIZE, 100);
  });

  it("counts on a node for a little longer than nearly all of its own fragments took", () => {
    for (let n = 0; n < 20; n++) registry.succeeded(slow, "get", FRAGMENT_SIZE, 250);
    expect(scores.hedgeDelay(quick)).to.be.within(100, 160);
    expect(scores.hedgeDelay(slow)).to.be.within(250, 400);
  });

  it("counts on an unknown node as on the others, with some patience", () => {
    expect(scores.hedgeDelay(unknown)).to.be.within(150, 250);
    expect(scores.cost(unknown)).to.be.within(80, 130);
  });

  it("does not count on a node that was hedged out or failed, for as long as no fragment has come from it", () => {
    for (const worse of [
      () => registry.hedgedOut(quick, "get", 400),
      () => registry.failed(quick, "unreachable", "down"),
    ]) {
      worse();
      expect(scores.hedgeDelay(quick)).to.equal(0);
      expect(scores.cost(quick)).to.be.greaterThan(scores.cost(unknown));
      time += 24 * 3_600_000;
      expect(scores.hedgeDelay(quick)).to.equal(0);
      registry.succeeded(quick, "get", FRAGMENT_SIZE, 100);
      expect(scores.hedgeDelay(quick)).to.be.greaterThan(0);
    }
  });

  it("does not count on a node that takes many times what the others do", () => {
    for (let n = 0; n < 10; n++) registry.succeeded(slow, "get", FRAGMENT_SIZE, 3000);
    for (let n = 0; n < 80; n++) registry.succeeded(quick, "get", FRAGMENT_SIZE, 100);
    expect(scores.hedgeDelay(slow)).to.equal(0);
  });

  it("never asks others within less than the least wait", () => {
    for (let n = 0; n < 200; n++) registry.succeeded(quick, "get", FRAGMENT_SIZE, 2);
    expect(scores.hedgeDelay(quick)).to.equal(50);
  });
});

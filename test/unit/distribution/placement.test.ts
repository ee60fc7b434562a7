import { expect } from "chai";
import fc from "fast-check";
import { place, type PlaceableNode, type PlacementRequest } from "../../../src/model/placement.js";
import { rulesPolicy } from "../../../src/model/placement-rules.js";
import { FRAGMENTS, MIB } from "../../../src/model/sizes.js";

const batchBytes = BigInt(8 * MIB);
const good = (n: number, idleMib = 1_000): PlaceableNode => ({
  account: `node${n}`,
  endpoint: `http://10.0.0.${n}:15001`,
  state: "positive",
  idleSpace: BigInt(idleMib * MIB),
});
const request = (changes: Partial<PlacementRequest> = {}): PlacementRequest => ({
  indexes: Array.from({ length: FRAGMENTS }, (_, index) => index),
  nodes: Array.from({ length: 14 }, (_, n) => good(n)),
  batchBytes,
  placed: new Map(),
  excluded: new Set(),
  avoided: new Set(),
  policy: rulesPolicy(),
  seed: 1,
  ...changes,
});

describe("place", () => {
  it("gives each index its own eligible node, whatever nodes there are, and explains exactly when it cannot", () => {
    const node = fc.record({
      account: fc.integer({ min: 0, max: 30 }).map((n) => `node${n}`),
      endpoint: fc.constantFrom("http://10.0.0.1", "https://miner.example", "", "ftp://x", "not a url"),
      state: fc.constantFrom("positive", "positive", "positive", "frozen", "exit"),
      idleSpace: fc.bigInt({ min: 0n, max: 4n * batchBytes }),
    });
    const accounts = fc
      .uniqueArray(
        fc.integer({ min: 0, max: 30 }).map((n) => `node${n}`),
        { maxLength: 8 },
      )
      .map((list) => new Set(list));
    fc.assert(
      fc.property(
        fc.uniqueArray(node, { selector: ({ account }) => account, maxLength: 31 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 12 }),
        accounts,
        accounts,
        accounts,
        fc.nat(),
        (nodes, indexes, taken, excluded, avoided, seed) => {
          const { assigned, unsatisfied } = place(
            request({
              nodes,
              indexes,
              placed: new Map([...taken].map((account, n) => [n + 100, account])),
              excluded,
              avoided,
              seed,
            }),
          );
          const chosen = [...assigned.values()];
          expect(new Set(chosen).size).to.equal(chosen.length);
          const eligible = nodes.filter(
            ({ account, endpoint, state, idleSpace }) =>
              state === "positive" &&
              endpoint.startsWith("http") &&
              idleSpace >= batchBytes &&
              !taken.has(account) &&
              !excluded.has(account),
          );
          for (const account of chosen) expect(eligible.map((entry) => entry.account)).to.include(account);
          expect(assigned.size).to.equal(Math.min(indexes.length, eligible.length));
          expect(unsatisfied === undefined).to.equal(assigned.size === indexes.length);
          const fresh = eligible.filter(({ account }) => !avoided.has(account)).length;
          expect(chosen.filter((account) => !avoided.has(account)).length).to.equal(Math.min(indexes.length, fresh));
        },
      ),
    );
  });

  it("decides the same for the same seed, and otherwise for another one", () => {
    const decide = (seed: number) => JSON.stringify([...place(request({ seed })).assigned]);
    expect(decide(42)).to.equal(decide(42));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => decide(seed))).size).to.equal(20);
  });

  it("spreads files as idle space is spread", () => {
    const nodes = [good(1, 3_000), good(2, 1_000)];
    let first = 0;
    for (let n = 0; n < 4_000; n++)
      if (place(request({ nodes, indexes: [0], seed: n })).assigned.get(0) === "node1") first++;
    expect(first / 4_000).to.be.closeTo(0.75, 0.05);
  });

  it("counts, in its explanation, why each node was passed over", () => {
    const nodes = [
      good(1),
      good(2),
      good(3),
      { ...good(4), state: "frozen" },
      { ...good(5), endpoint: "nowhere" },
      good(6, 1),
    ];
    const { unsatisfied } = place(
      request({ nodes, indexes: [4, 5], placed: new Map([[0, "node1"]]), excluded: new Set(["node2"]) }),
    );
    expect(unsatisfied).to.equal(
      "2 fragment indexes need a storage node each, 1 can be had: of 6 registered nodes 1 not positive, " +
        "1 without a usable endpoint, 1 with less than 8388608 bytes idle, 1 holding another index of this file, 1 failed just now",
    );
  });
});

import { expect } from "chai";
import { codingRows } from "../../../src/encoding/coding-matrix.js";
import { FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { nodeAccount } from "./memory-network.js";
import { useRetrieval } from "./retrieval-fixture.js";

const HEDGE_MS = 4000;

describe("NetworkRetrieval from nodes that are gone, slow or lie", () => {
  const fixture = useRetrieval();
  const { clock, until, encoder, network, size, start, expectContent, asked } = fixture;

  it("reads everything with 3 nodes down, 3 corrupt and 2 slow, whichever they are", async () => {
    for (const shift of [0, 7]) {
      const { retrieval } = start({ minHedgeMs: 150, maxHedgeMs: 500 });
      network.heal();
      const faults = [
        "down",
        "down",
        "down",
        "corrupt",
        "corrupt",
        "corrupt",
        { slowMs: 5000 },
        { slowMs: 5000 },
      ] as const;
      for (const [i, fault] of faults.entries()) network.fault((i + shift) % 12, fault);
      await expectContent(retrieval, 0, size, shift === 0 ? fixture.file : fixture.encrypted);
    }
  });

  it("reads everything with any 8 nodes down, missing, short or lying", async () => {
    const { retrieval } = start();
    const faults = ["down", "missing", "short", "corrupt"] as const;
    for (let index = 0; index < 8; index++) network.fault(index, faults[index % 4]!);
    await expectContent(retrieval);
    expect(retrieval.metrics()["races"]).to.be.greaterThan(0);
    expect(network.nodes.gets.filter(({ end }) => end === "running")).to.have.length(0);
  });

  it("asks others when a node is slow, takes the first four, and cancels what is left", async () => {
    const { retrieval } = start({ minHedgeMs: 150, maxHedgeMs: 200 });
    network.fault(0, "silent");
    network.fault(5, "silent");
    await expectContent(retrieval, 0, 1000);
    await until(() => network.nodes.gets.every(({ end }) => end !== "running"));
    expect(network.nodes.gets.filter(({ node }) => node === nodeAccount(0)).map(({ end }) => end)).to.deep.equal([
      "aborted",
    ]);
  });

  it("does not wait for a node again that has just been slow or failed", async () => {
    const { retrieval } = start({ minHedgeMs: HEDGE_MS, maxHedgeMs: HEDGE_MS }, 0);
    network.fault(0, "silent");
    await expectContent(retrieval, 0, 10);
    const began = clock.now();
    await expectContent(retrieval, 10, 20);
    expect(clock.now() - began).to.be.lessThan(HEDGE_MS);
  });

  it("asks one more node for each that takes longer than it should, also among those asked instead of another", async () => {
    const { retrieval } = start({ minHedgeMs: 100, maxHedgeMs: 200 });
    network.fault(0, "down");
    network.fault(2, "silent");
    network.fault(5, "silent");
    await expectContent(retrieval, 0, 1000);
    expect(asked()).to.include.members([1, 2, 3, 4].map((index) => nodeAccount(index)));
    expect(asked()).to.have.length.within(6, 9);
  });

  it("hands out the fragment that is waited for before it makes the other missing ones", async () => {
    const made: number[][] = [];
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const { retrieval } = start({}, 256 * MIB, {
      reconstruct: async (available, wanted, task) => {
        made.push(wanted.map(({ index }) => index));
        if (made.length > 1) await gate;
        return encoder.reconstruct(available, wanted, task);
      },
    });
    for (const index of [0, 1, 2, 3]) network.fault(index, "down");
    await expectContent(retrieval, 2 * FRAGMENT_SIZE, 2 * FRAGMENT_SIZE + 10);
    await until(() => made.length === 2);
    expect(made).to.deep.equal([[2], [0, 1, 3]]);
    expect(retrieval.metrics()).to.include({ bytesInFlight: 64 * MIB });
    goOn();
    await until(() => retrieval.metrics()["bytesInFlight"] === 0);
    network.nodes.gets.length = 0;
    await expectContent(retrieval, 0, 10);
    expect(asked()).to.deep.equal([]);
  });

  it("finds who lied when what it made is wrong, and makes it of others", async () => {
    const { retrieval, registry } = start();
    for (const index of [0, 1, 2, 3]) network.fault(index, "down");
    network.fault(5, "corrupt");
    network.fault(7, "short");
    await expectContent(retrieval, 0, 10);
    const lies = Array.from({ length: 12 }, (_, index) => registry.experience(nodeAccount(index)).corrupt);
    expect(lies).to.deep.equal([0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    expect(retrieval.metrics()).to.include({ wrongFragments: 2 });
  });

  it("is not deceived by nodes that lie together, so that one fragment comes out right and others do not", async () => {
    const { retrieval, registry } = start();
    for (const index of [0, 1, 2, 3]) network.fault(index, "down");
    const [[four, five]] = codingRows([4, 5, 6, 7], [0]) as [[number, number]];
    network.fault(4, { flipped: five });
    network.fault(5, { flipped: four });
    await expectContent(retrieval, 0, SEGMENT_SIZE);
    expect([4, 5].map((index) => registry.experience(nodeAccount(index)).corrupt)).to.deep.equal([1, 1]);
  });

  it("gives readers of the fragments that another one is made of their bytes untouched", async () => {
    const { retrieval } = start({ minHedgeMs: 20, maxHedgeMs: 20 });
    network.fault(0, "silent");
    for (const index of [1, 2, 3]) network.fault(index, { slowMs: 100 });
    await Promise.all([
      expectContent(retrieval),
      ...[0, 1, 2, 3].map((n) => expectContent(retrieval, n * FRAGMENT_SIZE, (n + 1) * FRAGMENT_SIZE)),
    ]);
  });

  it("does not take a node for slow while what it sent waits for being hashed", async () => {
    const { retrieval } = start({ minHedgeMs: 200, maxHedgeMs: 200 }, 256 * MIB, {
      verify: async (bytes, hash, task) => {
        await clock.sleep(600);
        return encoder.verify(bytes, hash, task);
      },
    });
    await expectContent(retrieval, 0, 10);
    expect(retrieval.metrics()).to.include({ races: 0 });
  });
});

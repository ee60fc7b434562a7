import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TieredCache } from "../../../src/cache/tiered-cache.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { codingRows } from "../../../src/encoding/coding-matrix.js";
import type { Encoder } from "../../../src/encoding/encoder.js";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import { FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { MeasuredNodes } from "../../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval, type RetrievalSettings } from "../../../src/retrieval/network-retrieval.js";
import { collect } from "../../support/collect.js";
import { segmentSlices, TestFolder } from "../encoding/vector-bytes.js";
import { MemoryNetwork, nodeAccount, wallClock } from "./memory-network.js";

/** Longer than anything but waiting takes, on a busy machine too. */
const HEDGE_MS = 4000;
const CBC = { name: "cess-cbc", cipher: "correct-horse" } as const;

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error,
  );
}

/** Resolves when `condition` holds; the test's own time limit ends it otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wallClock.sleep(5);
}

describe("NetworkRetrieval", function () {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 2 });
  const network = new MemoryNetwork(encoder);
  /** A full segment and a little of a second. */
  const size = SEGMENT_SIZE + 100_000;
  const content = randomBytes(size);
  const path = folder.write("content", content);
  const caches: TieredCache[] = [];
  let file: CessFile;
  let encrypted: CessFile;

  before(async () => {
    file = await network.store(path, size, PLAIN);
    encrypted = await network.store(path, size, CBC);
  });
  beforeEach(() => {
    network.heal();
    network.chain.connected = true;
  });
  after(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await encoder.close();
    folder.remove();
  });

  /** On a busy machine any node is slow for a moment: only tests of impatience may race. */
  const patient = { minHedgeMs: 100_000, maxHedgeMs: 100_000 };

  /** A gateway that has just started, with an empty cache. */
  function start(
    settings: Partial<RetrievalSettings> = {},
    memoryBytes = 256 * MIB,
    changed: Partial<Encoder> = {},
    diskBytes = 0,
  ) {
    const verify = encoder.verify.bind(encoder);
    const cache = new TieredCache({ verify }, { folder: join(folder.path, "cache"), memoryBytes, diskBytes });
    caches.push(cache);
    const clock = wallClock;
    const registry = PersistentNodeRegistry.inMemory({ chain: network.chain, clock });
    const nodes = new MeasuredNodes({ nodes: network.nodes, registry, clock });
    const real: Encoder = {
      hashSegment: encoder.hashSegment.bind(encoder),
      fragment: encoder.fragment.bind(encoder),
      reconstruct: encoder.reconstruct.bind(encoder),
      verify,
      close: () => Promise.resolve(),
    };
    const components = { chain: network.chain, nodes, registry, cache, encoder: { ...real, ...changed }, clock };
    return { cache, registry, retrieval: new NetworkRetrieval(components, { ...patient, ...settings }) };
  }

  async function read(retrieval: NetworkRetrieval, start: number, end: number, of = file): Promise<Buffer> {
    const stream = await retrieval.open([{ file: of, range: { start, end } }]);
    return await collect(stream);
  }

  async function expectContent(retrieval: NetworkRetrieval, start = 0, end = size, of = file): Promise<void> {
    const bytes = await read(retrieval, start, end, of);
    expect(bytes.length).to.equal(end - start);
    expect(Buffer.compare(bytes, content.subarray(start, end))).to.equal(0);
  }

  const asked = () => network.nodes.gets.map(({ node }) => node);

  it("reads a file from its data fragments alone", async () => {
    const { retrieval } = start();
    await expectContent(retrieval);
    expect(asked()).to.have.members([0, 1, 2, 3, 0].map((index) => nodeAccount(index)));
    expect(retrieval.metrics()).to.include({
      races: 0,
      fetches: 5,
      fetchedBytes: 5 * FRAGMENT_SIZE,
      bytesInFlight: 0,
      bytesHeld: 0,
    });
  });

  it("fetches only the fragments a range touches, and from the cache the second time", async () => {
    const { retrieval } = start();
    await expectContent(retrieval, 2 * FRAGMENT_SIZE - 3, 2 * FRAGMENT_SIZE + 5);
    expect(asked()).to.have.members([nodeAccount(1), nodeAccount(2)]);
    network.chain.connected = false;
    await expectContent(retrieval, 2 * FRAGMENT_SIZE - 1000, 2 * FRAGMENT_SIZE + 1000);
    expect(asked()).to.have.length(2);
  });

  it("reads from the cache's disk in pieces, and what the cache lost meanwhile from the nodes", async () => {
    const { cache, retrieval } = start({}, 0, {}, 256 * MIB);
    // Fetched, then verified, then believed.
    for (let n = 0; n < 2; n++) await expectContent(retrieval);
    network.nodes.gets.length = 0;
    await expectContent(retrieval);
    await expectContent(retrieval, FRAGMENT_SIZE - 3, SEGMENT_SIZE + 5);
    expect(asked(), "from the disk").to.have.length(0);
    const stream = await retrieval.open([{ file, range: { start: 0, end: size } }]);
    const first = (await stream.next()).value as Uint8Array;
    await cache.clear();
    expect(Buffer.concat([first, await collect(stream)]).equals(content)).to.equal(true);
    expect(asked(), "from the nodes").to.have.length.above(3);
  });

  it("lays ranges of several files end to end, and gives nothing for no bytes", async () => {
    const { retrieval } = start();
    const stream = await retrieval.open([
      { file, range: { start: SEGMENT_SIZE - 2, end: SEGMENT_SIZE + 2 } },
      { file: encrypted, range: { start: 5, end: 25 } },
      { file, range: { start: 7, end: 7 } },
    ]);
    const wanted = Buffer.concat([content.subarray(SEGMENT_SIZE - 2, SEGMENT_SIZE + 2), content.subarray(5, 25)]);
    expect(await collect(stream)).to.deep.equal(wanted);
    expect(await read(retrieval, 7, 7)).to.have.length(0);
  });

  it("gives zeros without asking for them", async () => {
    const sparse = Buffer.alloc(2 * FRAGMENT_SIZE + 1);
    sparse[2 * FRAGMENT_SIZE] = 1;
    const zeros = await network.store(folder.write("zeros", sparse), sparse.length, PLAIN);
    network.heal();
    const { retrieval } = start();
    expect(Buffer.compare(await read(retrieval, 0, sparse.length, zeros), sparse)).to.equal(0);
    expect(asked()).to.deep.equal([nodeAccount(2)]);
  });

  it("reads any range of an encrypted file, decrypted", async () => {
    const { retrieval } = start();
    const capacity = SEGMENT_SIZE - 16;
    for (const [from, to] of [
      [0, 1],
      [15, 17],
      [16, 32],
      [100, 1_000_003],
      [FRAGMENT_SIZE, FRAGMENT_SIZE + 1],
      [FRAGMENT_SIZE - 20, FRAGMENT_SIZE + 20],
      [FRAGMENT_SIZE + 16, FRAGMENT_SIZE + 17],
      [capacity - 1, capacity + 1],
      [capacity, size],
      [0, size],
    ] as const)
      await expectContent(retrieval, from, to, encrypted);
  });

  it("reads everything with 3 nodes down, 3 corrupt and 2 slow, whichever they are", async function () {
    this.timeout(20_000);
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
      await expectContent(retrieval, 0, size, shift === 0 ? file : encrypted);
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
    const began = Date.now();
    await expectContent(retrieval, 10, 20);
    expect(Date.now() - began).to.be.lessThan(HEDGE_MS);
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

  it("finds which nodes gave corrupt bytes when what it made is wrong, and makes it of others", async () => {
    const { retrieval, registry } = start();
    for (const index of [0, 1, 2, 3]) network.fault(index, "down");
    network.fault(5, "corrupt");
    network.fault(7, "short");
    await expectContent(retrieval, 0, 10);
    const corrupt = Array.from({ length: 12 }, (_, index) => registry.experience(nodeAccount(index)).corrupt);
    expect(corrupt).to.deep.equal([0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    expect(retrieval.metrics()).to.include({ wrongFragments: 2 });
  });

  it("is not deceived by nodes whose corrupt bytes fit together, so that one fragment comes out right and others do not", async () => {
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
        await wallClock.sleep(600);
        return encoder.verify(bytes, hash, task);
      },
    });
    await expectContent(retrieval, 0, 10);
    expect(retrieval.metrics()).to.include({ races: 0 });
  });

  it("says how many fragments were found when there are fewer than four", async () => {
    const { retrieval } = start();
    for (let index = 0; index < 9; index++) network.fault(index, index % 2 ? "corrupt" : "down");
    const error = await rejection(retrieval.open([{ file, range: { start: 0, end: 10 } }]));
    expect(error).to.include({ kind: "ObjectUnavailable" });
    expect(error)
      .to.have.property("message")
      .that.matches(/^at most 3 good fragments of segment .* were found, 4 are needed$/);
    expect(retrieval.metrics()).to.include({ bytesInFlight: 0, bytesHeld: 0 });
  });

  it("destroys the stream when a later segment cannot be had, and never pads", async () => {
    const { retrieval } = start({ readAheadBytes: 0 });
    const stream = await retrieval.open([{ file, range: { start: 3 * FRAGMENT_SIZE, end: size } }]);
    for (let index = 0; index < 12; index++) network.fault(index, "down");
    let received = 0;
    let failure: unknown;
    try {
      for await (const chunk of stream) received += (chunk as Buffer).length;
    } catch (error) {
      failure = error;
    }
    expect(failure).to.include({ kind: "ObjectUnavailable" });
    expect(received).to.equal(FRAGMENT_SIZE);
  });

  it("asks each node once for what many readers want at the same time", async () => {
    const { retrieval } = start();
    await Promise.all(Array.from({ length: 10 }, () => expectContent(retrieval, 0, 100_000)));
    expect(asked()).to.deep.equal([nodeAccount(0)]);
  });

  it("ends a shared fetch only when its last reader has left", async () => {
    const { retrieval } = start();
    network.fault(0, { slowMs: 300 });
    const controller = new AbortController();
    const leaver = rejection(retrieval.open([{ file, range: { start: 0, end: 5 } }], controller.signal));
    const stayer = expectContent(retrieval, 0, 5);
    await until(() => asked().length > 0);
    controller.abort(new Error("gone"));
    expect(await leaver).to.have.property("message", "gone");
    await stayer;

    network.fault(1, "silent");
    const alone = new AbortController();
    const last = rejection(
      retrieval.open([{ file, range: { start: FRAGMENT_SIZE, end: FRAGMENT_SIZE + 5 } }], alone.signal),
    );
    await until(() => asked().includes(nodeAccount(1)));
    alone.abort(new Error("gone too"));
    expect(await last).to.have.property("message", "gone too");
    await until(() => network.nodes.gets.every(({ end }) => end !== "running"));
    expect(network.nodes.gets.at(-1)).to.include({ end: "aborted" });
    await until(() => retrieval.metrics()["bytesInFlight"] === 0 && retrieval.metrics()["bytesHeld"] === 0);
  });

  it("fetches no further ahead than its reader has room for, and stops when the reader leaves", async () => {
    const { retrieval } = start({ readAheadBytes: FRAGMENT_SIZE });
    const stream = await retrieval.open([{ file, range: { start: 0, end: size } }]);
    await wallClock.sleep(100);
    expect(asked()).to.have.length(2);
    stream.close();
    await until(() => retrieval.metrics()["bytesHeld"] === 0);
    expect(asked()).to.have.length(2);
  });

  it("serves more readers than memory allows at once, one after the other", async () => {
    const { retrieval } = start({ heldBytes: FRAGMENT_SIZE, fetchBytes: FRAGMENT_SIZE, raceBytes: 1 });
    network.fault(1, "down");
    await Promise.all(
      [0, 1, 2, 3].map((i) => expectContent(retrieval, i * FRAGMENT_SIZE + 1, (i + 1) * FRAGMENT_SIZE + 1)),
    );
  });

  it("ends an open stream when the signal aborts", async () => {
    const { retrieval } = start();
    const controller = new AbortController();
    const stream = await retrieval.open([{ file, range: { start: 0, end: size } }], controller.signal);
    controller.abort(new Error("shutting down"));
    expect(await rejection(collect(stream))).to.have.property("message", "shutting down");
  });

  it("looks on the chain again before giving up, for fragments that have moved", async () => {
    const { retrieval } = start({ recheckMs: 0 }, 0);
    const moving = await network.store(path, 1000, PLAIN);
    await expectContent(retrieval, 0, 10, moving);
    for (let index = 0; index < 12; index++) network.fault(index, "down");
    network.register(1);
    await network.store(path, 1000, PLAIN, 1);
    await wallClock.sleep(2);
    await expectContent(retrieval, 0, 10, moving);
  });

  it("refuses what the chain does not know, and what it cannot ask", async () => {
    const { retrieval } = start();
    const stranger = { ...file, fid: "0".repeat(64) as typeof file.fid };
    const unknown = await rejection(retrieval.open([{ file: stranger, range: { start: 0, end: 1 } }]));
    expect(unknown).to.include({ kind: "ObjectUnavailable" });
    network.chain.connected = false;
    const unreachable = await rejection(retrieval.open([{ file: encrypted, range: { start: 0, end: 1 } }]));
    expect(unreachable).to.include({ kind: "ServiceUnavailable" });
    const outside = await rejection(retrieval.open([{ file, range: { start: 0, end: size + 1 } }]));
    expect(outside).to.be.instanceOf(RangeError);
  });

  it("does not believe what four good fragments make when it has not the hash the catalog says", async () => {
    const { retrieval } = start();
    const other = await encoder.hashSegment(segmentSlices(path, 2000, PLAIN)[0]!, PLAIN);
    const wrong = file.segments[0]!.fragments.map((hash, index) => (index === 0 ? other.fragments[0]! : hash));
    const forged = { ...file, segments: [{ ...file.segments[0]!, fragments: wrong }, file.segments[1]!] };
    const error = await rejection(retrieval.open([{ file: forged, range: { start: 0, end: 1 } }]));
    expect(error).to.include({ kind: "ObjectUnavailable" });
  });
});

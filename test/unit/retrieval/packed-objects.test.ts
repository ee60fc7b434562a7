import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { RunCipher } from "../../../src/encoding/run-cipher.js";
import { DomainError } from "../../../src/model/errors.js";
import { type CessFile, type DataKey, PLAIN, type PackedRun } from "../../../src/model/file.js";
import type { Hash } from "../../../src/model/hash.js";
import { CHUNK_CONTENT, CHUNK_SIZE, FRAGMENT_SIZE, KIB, MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import type { NetworkRetrieval } from "../../../src/retrieval/network-retrieval.js";
import type { FileRange, Reach } from "../../../src/retrieval/retrieval.js";
import { collect } from "../../support/collect.js";
import { nodeAccount } from "./memory-network.js";
import { useRetrieval } from "./retrieval-fixture.js";

const KEY = "ab".repeat(32) as DataKey;
const SMALL = 10 * KIB;
/** Content of the larger encrypted object: ten whole chunks and a little. */
const SEALED = 10 * CHUNK_CONTENT + 100;
const HEDGE_MS = 200;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex") as Hash;

const sealed = (content: Uint8Array) => buffer(new RunCipher(KEY).seal(Readable.from([content])));

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error as Error,
  );
}

function expectUnavailable(error: Error, message: string): void {
  expect(error).to.be.instanceOf(DomainError).with.deep.property("problem", { kind: "objectUnavailable" });
  expect(error.message).to.contain(message);
}

describe("NetworkRetrieval of packed objects", () => {
  const fixture = useRetrieval();
  const { time, clock, until, network, folder, start, content, size } = fixture;
  /** A pack of its own for encrypted objects: one of a few chunks across a fragment's border, and a small one. */
  const secret = randomBytes(SEALED);
  const packContent = randomBytes(9 * MIB);
  let pack: CessFile;
  let large: PackedRun;
  let small: PackedRun;
  before(async () => {
    const run = async (offset: number, bytes: Uint8Array): Promise<PackedRun> => {
      const stored = await sealed(bytes);
      packContent.set(stored, offset);
      return { offset, length: stored.length, digest: sha256(stored), key: KEY };
    };
    large = await run(FRAGMENT_SIZE - 3 * CHUNK_SIZE - 10, secret);
    small = await run(1000, secret.subarray(0, SMALL));
    pack = await network.store(folder.write("pack", packContent), packContent.length, PLAIN);
  });

  /** An object of these bytes of the fixture's file, which is a pack, too. */
  const runOf = (offset: number, length = SMALL): PackedRun => ({
    offset,
    length,
    digest: sha256(content.subarray(offset, offset + length)),
  });
  const open = (retrieval: NetworkRetrieval, ranges: FileRange[], reach?: Reach) =>
    time.during(retrieval.open(ranges, undefined, reach).then(collect));
  const whole = (packed: PackedRun): FileRange => ({
    file: fixture.file,
    range: { start: 0, end: packed.length },
    packed,
  });
  async function expectRead(retrieval: NetworkRetrieval, packed: PackedRun, reach?: Reach): Promise<void> {
    const bytes = await open(retrieval, [whole(packed)], reach);
    expect(Buffer.compare(bytes, content.subarray(packed.offset, packed.offset + packed.length))).to.equal(0);
  }
  async function expectSecret(retrieval: NetworkRetrieval, packed: PackedRun, from: number, to: number): Promise<void> {
    const bytes = await open(retrieval, [{ file: pack, range: { start: from, end: to }, packed }]);
    expect(Buffer.compare(bytes, secret.subarray(from, to))).to.equal(0);
  }
  const askedFor = () => network.nodes.gets.map(({ bytes }) => bytes);

  it("asks for no more than the object's own bytes", async () => {
    const { retrieval } = start();
    await expectRead(retrieval, runOf(123_456));
    expect(network.nodes.gets).to.have.length(1);
    expect(network.nodes.gets[0]).to.include({ node: nodeAccount(0), bytes: SMALL });
    expect(retrieval.metrics()).to.include({
      fetches: 0,
      rangedFetches: 1,
      rangedBytes: SMALL,
      bytesHeld: 0,
      objectCacheHits: 0,
    });
  });

  it("asks each node for its own part of an object that crosses a border of fragments, or of segments", async () => {
    const { retrieval } = start();
    await expectRead(retrieval, runOf(2 * FRAGMENT_SIZE - 3000));
    await expectRead(retrieval, runOf(SEGMENT_SIZE - 4000));
    expect(network.nodes.gets.map(({ node, bytes }) => ({ node, bytes }))).to.deep.equal([
      { node: nodeAccount(1), bytes: 3000 },
      { node: nodeAccount(2), bytes: SMALL - 3000 },
      { node: nodeAccount(3), bytes: 4000 },
      { node: nodeAccount(0), bytes: SMALL - 4000 },
    ]);
  });

  it("reads any range of an object, and nothing for no bytes", async () => {
    const { retrieval } = start();
    const packed = runOf(5_000_000, MIB + 1000);
    for (const [from, to] of [
      [0, 1],
      [MIB - 10, MIB + 10],
      [MIB + 999, MIB + 1000],
      [77, 77],
    ] as const) {
      const bytes = await open(retrieval, [{ file: fixture.file, range: { start: from, end: to }, packed }]);
      expect(Buffer.compare(bytes, content.subarray(5_000_000 + from, 5_000_000 + to)), `${from}`).to.equal(0);
    }
  });

  it("lays packed objects and ranges of files end to end", async () => {
    const { retrieval } = start();
    const [one, two] = [runOf(100, 50), runOf(9_000_000, 60)];
    const bytes = await open(retrieval, [
      { file: fixture.file, range: { start: 10, end: 20 } },
      whole(one),
      { file: pack, range: { start: 5, end: SMALL }, packed: small },
      whole(two),
      { file: fixture.file, range: { start: size - 5, end: size } },
    ]);
    const expected = [
      content.subarray(10, 20),
      content.subarray(100, 150),
      secret.subarray(5, SMALL),
      content.subarray(9_000_000, 9_000_060),
      content.subarray(size - 5),
    ];
    expect(Buffer.compare(bytes, Buffer.concat(expected))).to.equal(0);
  });

  it("reads an object again from memory, without nodes and chain, until it is told to forget", async () => {
    const { retrieval } = start();
    await expectRead(retrieval, runOf(123_456));
    network.chain.connected = false;
    await expectRead(retrieval, runOf(123_456), "cache");
    expect(network.nodes.gets).to.have.length(1);
    expect(retrieval.metrics()["objectCacheHits"]).to.equal(1);
    expect(retrieval.metrics()["objectCacheBytes"]).to.be.within(SMALL, SMALL + KIB);
    retrieval.forgetObjects();
    expect(retrieval.metrics()["objectCacheBytes"]).to.equal(0);
    expectUnavailable(await rejection(open(retrieval, [whole(runOf(123_456))], "cache")), "not cached here");
  });

  it("asks once for what many readers want at the same time", async () => {
    const { retrieval } = start();
    await Promise.all(Array.from({ length: 20 }, () => expectRead(retrieval, runOf(123_456))));
    expect(askedFor()).to.deep.equal([SMALL]);
  });

  it("ends a fetch when its last reader has left, and holds nothing for it", async () => {
    const { retrieval } = start();
    network.fault(0, "silent");
    const [first, second] = [new AbortController(), new AbortController()];
    const reads = [first, second].map(({ signal }) => rejection(retrieval.open([whole(runOf(0))], signal)));
    await until(() => network.nodes.gets.length === 1);
    first.abort(new Error("the first has left"));
    expect((await reads[0])?.message).to.equal("the first has left");
    expect(network.nodes.gets[0]).to.include({ end: "running" });
    second.abort(new Error("the second has left"));
    expect((await reads[1])?.message).to.equal("the second has left");
    await until(() => network.nodes.gets[0]?.end === "aborted" && retrieval.metrics()["bytesHeld"] === 0);
  });

  for (const [where, memoryBytes, diskBytes] of [
    ["memory", 256 * MIB, 0],
    ["disk", 0, 256 * MIB],
  ] as const) {
    it(`cuts an object out of fragments in the cache's ${where}, and asks no node`, async () => {
      const { retrieval, cache } = start({}, memoryBytes, {}, diskBytes);
      await fixture.expectContent(retrieval, FRAGMENT_SIZE - 1, FRAGMENT_SIZE + 1);
      await time.quiet();
      network.heal();
      for (const packed of [runOf(FRAGMENT_SIZE - 500), runOf(FRAGMENT_SIZE + 500), runOf(FRAGMENT_SIZE - 500)])
        await expectRead(retrieval, packed, "cache");
      expect(network.nodes.gets).to.have.length(0);
      await cache.clear();
      expectUnavailable(await rejection(open(retrieval, [whole(runOf(FRAGMENT_SIZE))], "cache")), "not cached here");
      expect(network.nodes.gets).to.have.length(0);
    });
  }

  it("asks the nodes when only some of the fragments are cached", async () => {
    const { retrieval } = start();
    await fixture.expectContent(retrieval, 0, 1);
    network.heal();
    await expectRead(retrieval, runOf(FRAGMENT_SIZE - 500));
    expect(askedFor()).to.deep.equal([500, SMALL - 500]);
  });

  for (const fault of ["down", "missing", "short", "corrupt"] as const) {
    it(`restores the fragment when the node is ${fault}`, async () => {
      const { retrieval } = start();
      network.fault(0, fault);
      await expectRead(retrieval, runOf(123_456));
      expect(retrieval.metrics()).to.include({ rangedFetches: 1, racesWon: 1, bytesHeld: 0 });
      await expectRead(retrieval, runOf(234_567), "cache");
    });
  }

  it("fetches fragments when one of two nodes fails, and blames the other for nothing", async () => {
    const { retrieval, registry } = start();
    network.fault(1, "wrong-ranges");
    await expectRead(retrieval, runOf(FRAGMENT_SIZE - 5000));
    expect(registry.experience(nodeAccount(0))).to.include({ corrupt: 0 });
    expect(registry.experience(nodeAccount(1))).to.include({ corrupt: 1 });
    expect(retrieval.metrics()).to.include({ wrongFragments: 1, races: 0 });
  });

  it("does not wait for a slow node longer than for one that sends a fragment", async () => {
    const { retrieval } = start({ minHedgeMs: HEDGE_MS, maxHedgeMs: HEDGE_MS });
    network.fault(0, "silent");
    const began = clock.now();
    await expectRead(retrieval, runOf(0));
    // Once for the range, and once for the fragment.
    expect(clock.now() - began).to.be.within(HEDGE_MS, 2 * HEDGE_MS + 50);
    await until(() => network.nodes.gets.every(({ end }) => end !== "running"));
    expect(network.nodes.gets[0]).to.include({ node: nodeAccount(0), bytes: SMALL, end: "aborted" });
  });

  it("takes the range after all when it comes before the fragments do", async () => {
    const { retrieval } = start({ minHedgeMs: HEDGE_MS, maxHedgeMs: HEDGE_MS });
    for (let index = 0; index < 12; index++) network.fault(index, { slowMs: 2 * HEDGE_MS });
    const began = clock.now();
    await expectRead(retrieval, runOf(0));
    expect(clock.now() - began).to.be.within(2 * HEDGE_MS, 2 * HEDGE_MS + 50);
    await until(() => network.nodes.gets.every(({ end }) => end !== "running"));
    expect(retrieval.metrics()).to.include({ fetchedBytes: 0, bytesInFlight: 0, bytesHeld: 0 });
  });

  it("gives up on a node that never answers after its time limit", async () => {
    const { retrieval } = start({ attemptMs: 5000 });
    network.fault(0, "silent");
    const began = clock.now();
    await expectRead(retrieval, runOf(0));
    expect(clock.now() - began).to.be.within(5000, 10_100);
  });

  it("does not blame a node that gives whole fragments only, and asks it for no ranges for a while", async () => {
    const { retrieval, registry, cache } = start({ objectCacheBytes: 0 });
    network.fault(0, "wholes");
    const ranges = async () => {
      await cache.clear();
      network.nodes.gets.length = 0;
      await expectRead(retrieval, runOf(0));
      return askedFor();
    };
    expect(await ranges()).to.deep.equal([SMALL, FRAGMENT_SIZE]);
    expect(registry.experience(nodeAccount(0))).to.include({ failures: 0, lagging: false });
    expect(await ranges()).to.deep.equal([FRAGMENT_SIZE]);
    network.fault(0, "none");
    await clock.advance(10 * 60_000);
    expect(await ranges()).to.deep.equal([SMALL]);
  });

  it("reads on when the chain cannot be asked, from what it said before", async () => {
    const { retrieval } = start({ freshMs: 0 });
    await expectRead(retrieval, runOf(0));
    network.chain.connected = false;
    await expectRead(retrieval, runOf(100));
    const { retrieval: fresh } = start();
    const error = await rejection(open(fresh, [whole(runOf(0))]));
    expect(error).to.be.instanceOf(DomainError).with.deep.property("problem", { kind: "dependencyUnavailable" });
  });

  it("says that a pack does not hold the object, and blames no node for it", async () => {
    const { retrieval, registry } = start();
    const wrong = { ...runOf(0), digest: sha256(randomBytes(8)) };
    for (const reach of ["nodes", "cache"] as const) {
      expectUnavailable(
        await rejection(open(retrieval, [whole(wrong)], reach)),
        `bytes 0 to ${SMALL} of the pack ${fixture.file.fid} are not those of the object`,
      );
    }
    expect(registry.experience(nodeAccount(0))).to.include({ corrupt: 0, failures: 0 });
    expect(retrieval.metrics()).to.include({ bytesHeld: 0, objectCacheBytes: 0 });
    await expectRead(retrieval, runOf(0));
  });

  it("fails when fewer than four fragments are left and the node is gone", async () => {
    const { retrieval } = start();
    for (let index = 0; index < 9; index++) network.fault(index, "down");
    expectUnavailable(await rejection(open(retrieval, [whole(runOf(0))])), "at most 3 good fragments");
  });

  it("fetches only the chunks of an encrypted object that the range needs", async () => {
    const { retrieval } = start();
    await expectSecret(retrieval, large, CHUNK_CONTENT - 1, CHUNK_CONTENT + 1);
    expect(askedFor()).to.deep.equal([2 * CHUNK_SIZE]);
    network.heal();
    await expectSecret(retrieval, large, 3 * CHUNK_CONTENT + 5, 3 * CHUNK_CONTENT + 6);
    expect(askedFor(), "a chunk across the border of two fragments").to.deep.equal([10, CHUNK_SIZE - 10]);
    network.heal();
    await expectSecret(retrieval, large, SEALED - 1, SEALED);
    expect(askedFor(), "the last one").to.deep.equal([116]);
    network.heal();
    expect(retrieval.metrics()["objectCacheBytes"], "parts are not kept").to.equal(0);
    await expectSecret(retrieval, large, 0, SEALED);
    await expectSecret(retrieval, large, 10, SEALED - 10);
    expect(network.nodes.gets.reduce((sum, { bytes }) => sum + bytes, 0)).to.equal(large.length);
    network.heal();
    await expectSecret(retrieval, small, 3, SMALL);
    expect(askedFor()).to.deep.equal([SMALL + 16]);
  });

  it("does not believe chunks whose tags are wrong, and knows who gave them", async () => {
    const { retrieval, registry } = start();
    network.fault(0, "wrong-ranges");
    await expectSecret(retrieval, large, 0, CHUNK_CONTENT);
    expect(registry.experience(nodeAccount(0))).to.include({ corrupt: 1 });
    expect(retrieval.metrics()).to.include({ fetches: 1, races: 0 });
  });

  it("fails with another key: the bytes are the object's, or no chunk of them is", async () => {
    const { retrieval, registry } = start();
    const packed = { ...large, key: "cd".repeat(32) as DataKey };
    const read = (start: number, end: number) => open(retrieval, [{ file: pack, range: { start, end }, packed }]);
    expect((await rejection(read(0, SEALED))).message).to.contain("does not authenticate with its data key");
    retrieval.forgetObjects();
    expectUnavailable(await rejection(read(0, 1)), "are not those of the object");
    expect(registry.experience(nodeAccount(0))).to.include({ corrupt: 0 });
  });

  it("refuses a range outside the object, a run outside the pack, and a pack that is not plain", async () => {
    const { retrieval } = start();
    const packed = runOf(0);
    const cases: FileRange[] = [
      { ...whole(packed), range: { start: 0, end: SMALL + 1 } },
      { ...whole(packed), range: { start: -1, end: 5 } },
      { ...whole(packed), range: { start: 5, end: 4 } },
      { file: pack, range: { start: 0, end: SMALL + 1 }, packed: small },
      { file: pack, range: { start: 0, end: 1 }, packed: { ...small, offset: packContent.length - 5 } },
      { file: pack, range: { start: 0, end: 1 }, packed: { ...small, offset: -1 } },
      { ...whole(packed), packed: { ...packed, length: 9 * MIB }, range: { start: 0, end: 9 * MIB + 1 } },
      { ...whole(packed), file: fixture.encrypted },
    ];
    for (const [i, each] of cases.entries())
      expect(await rejection(open(retrieval, [each])), `case ${i}`).to.be.instanceOf(RangeError);
    expect(network.nodes.gets).to.have.length(0);
    expect(retrieval.metrics()["bytesHeld"]).to.equal(0);
  });

  it("reads an object longer than a fragment by fragments, as any range of the pack", async () => {
    const { retrieval } = start();
    const packed = runOf(1000, 9 * MIB);
    const range = { start: 100, end: 200 };
    const bytes = await open(retrieval, [{ file: fixture.file, range, packed }]);
    expect(Buffer.compare(bytes, content.subarray(1100, 1200))).to.equal(0);
    expect(askedFor()).to.deep.equal([FRAGMENT_SIZE]);
  });

  it("keeps objects in memory up to its limit, the last used ones, and none of more than 1 MiB", async () => {
    const { retrieval } = start({ objectCacheBytes: 2 * MIB });
    const runs = [0, 1, 2].map((n) => runOf(n * MIB, 900 * KIB));
    for (const packed of [runs[0]!, runs[1]!, runs[0]!, runs[2]!]) await expectRead(retrieval, packed);
    expect(retrieval.metrics()["objectCacheBytes"]).to.be.within(1800 * KIB, 2 * MIB);
    network.heal();
    await expectRead(retrieval, runs[0]!);
    await expectRead(retrieval, runs[2]!);
    expect(network.nodes.gets).to.have.length(0);
    await expectRead(retrieval, runs[1]!);
    expect(network.nodes.gets).to.have.length(1);
    const before = retrieval.metrics()["objectCacheBytes"];
    await expectRead(retrieval, runOf(4 * MIB, MIB + 1));
    expect(retrieval.metrics()["objectCacheBytes"]).to.equal(before);
  });

  it("keeps no object where that is switched off", async () => {
    const { retrieval } = start({ objectCacheBytes: 0 });
    await expectRead(retrieval, runOf(0));
    await expectRead(retrieval, runOf(0));
    expect(askedFor()).to.deep.equal([SMALL, SMALL]);
    expect(retrieval.metrics()).to.include({ objectCacheBytes: 0, objectCacheHits: 0 });
  });

  it("lets readers hold no more bytes than allowed at once", async () => {
    const { retrieval } = start({ heldBytes: 2 * SMALL });
    network.fault(0, { slowMs: 100 });
    let most = 0;
    const reads = Array.from({ length: 6 }, (_, n) => expectRead(retrieval, runOf(n * SMALL)));
    await until(() => {
      most = Math.max(most, network.nodes.gets.filter(({ end }) => end === "running").length);
      return network.nodes.gets.length === 6 && network.nodes.gets.every(({ end }) => end === "sent");
    });
    await Promise.all(reads);
    expect(most).to.equal(2);
    expect(retrieval.metrics()["bytesHeld"]).to.equal(0);
  });
});

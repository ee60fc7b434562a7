import { expect } from "chai";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import { FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { collect } from "../../support/collect.js";
import { segmentSlices } from "../encoding/vector-bytes.js";
import { nodeAccount } from "./memory-network.js";
import { useRetrieval } from "./retrieval-fixture.js";

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error,
  );
}

describe("NetworkRetrieval", () => {
  const fixture = useRetrieval();
  const { time, clock, until, encoder, network, folder, path, size, content } = fixture;
  const { start, read, expectContent, asked } = fixture;
  let file: CessFile;
  let encrypted: CessFile;
  before(() => ({ file, encrypted } = fixture));

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
    await expectContent(retrieval);
    await time.quiet();
    await expectContent(retrieval);
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

  it("says how many fragments were found when there are fewer than four", async () => {
    const { retrieval } = start();
    for (let index = 0; index < 9; index++) network.fault(index, index % 2 ? "corrupt" : "down");
    const error = await rejection(retrieval.open([{ file, range: { start: 0, end: 10 } }]));
    expect(error).to.include({ kind: "objectUnavailable" });
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
    expect(failure).to.include({ kind: "objectUnavailable" });
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
    await time.pass(10);
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
    await clock.advance(2);
    await expectContent(retrieval, 0, 10, moving);
  });

  it("refuses what the chain does not know, and what it cannot ask", async () => {
    const { retrieval } = start();
    const stranger = { ...file, fid: "0".repeat(64) as typeof file.fid };
    const unknown = await rejection(retrieval.open([{ file: stranger, range: { start: 0, end: 1 } }]));
    expect(unknown).to.include({ kind: "objectUnavailable" });
    network.chain.connected = false;
    const unreachable = await rejection(retrieval.open([{ file: encrypted, range: { start: 0, end: 1 } }]));
    expect(unreachable).to.include({ kind: "dependencyUnavailable" });
    const outside = await rejection(retrieval.open([{ file, range: { start: 0, end: size + 1 } }]));
    expect(outside).to.be.instanceOf(RangeError);
  });

  it("does not believe what four good fragments make when it has not the hash the catalog says", async () => {
    const { retrieval } = start();
    const other = await encoder.hashSegment(segmentSlices(path, 2000, PLAIN)[0]!, PLAIN);
    const wrong = file.segments[0]!.fragments.map((hash, index) => (index === 0 ? other.fragments[0]! : hash));
    const forged = { ...file, segments: [{ ...file.segments[0]!, fragments: wrong }, file.segments[1]!] };
    const error = await rejection(retrieval.open([{ file: forged, range: { start: 0, end: 1 } }]));
    expect(error).to.include({ kind: "objectUnavailable" });
  });
});

import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TieredCache } from "../../../src/cache/tiered-cache.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";
import { MeasuredNodes } from "../../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../../src/network/nodes/persistent-node-registry.js";
import type { Peers } from "../../../src/retrieval/peers.js";
import { NetworkRetrieval } from "../../../src/retrieval/network-retrieval.js";
import type { Reach } from "../../../src/retrieval/retrieval.js";
import { collect } from "../../support/collect.js";
import { VirtualTime } from "../../support/virtual-time.js";
import { TestFolder } from "../encoding/vector-bytes.js";
import { MemoryNetwork, nodeAccount } from "./memory-network.js";

const HEAD_START_MS = 150;

describe("NetworkRetrieval with other gateways", () => {
  const folder = new TestFolder();
  const threads = new ThreadEncoder({ threads: 2 });
  const time = new VirtualTime({ stepMs: 10 });
  const { clock } = time;
  const encoder = time.watch(threads);
  const network = new MemoryNetwork(encoder, clock);
  const content = randomBytes(2 * FRAGMENT_SIZE);
  let file: CessFile;

  before(async () => {
    file = await network.store(folder.write("content", content), content.length, PLAIN);
  });
  beforeEach(() => network.heal());
  after(async () => {
    await threads.close();
    folder.remove();
  });

  /** Another gateway that gives a fragment after so many milliseconds; undefined: that has it not. */
  class Peer implements Peers {
    asked = 0;
    aborted = 0;
    constructor(
      private readonly afterMs: number,
      private readonly has: boolean | Error = true,
    ) {}
    async fragment(
      _file: CessFile,
      _segment: number,
      fragment: number,
      signal: AbortSignal,
    ): Promise<Uint8Array | undefined> {
      this.asked++;
      await clock.sleep(this.afterMs, signal).catch((error: unknown) => {
        this.aborted++;
        throw error;
      });
      if (this.has instanceof Error) throw this.has;
      return this.has
        ? Uint8Array.from(content.subarray(fragment * FRAGMENT_SIZE, (fragment + 1) * FRAGMENT_SIZE))
        : undefined;
    }
  }

  function start(peers: Peers, peerHeadStartMs = HEAD_START_MS) {
    const cache = time.watch(
      new TieredCache({ verify: encoder.verify.bind(encoder) }, { folder: join(folder.path, "cache"), diskBytes: 0 }),
    );
    const registry = PersistentNodeRegistry.inMemory({ chain: network.chain, clock });
    const nodes = new MeasuredNodes({ nodes: network.nodes, registry, clock });
    return new NetworkRetrieval(
      { chain: network.chain, nodes, registry, cache, encoder, clock, peers },
      { peerHeadStartMs },
    );
  }

  async function expectRead(retrieval: NetworkRetrieval, reach?: Reach): Promise<void> {
    const bytes = await time.during(
      retrieval.open([{ file, range: { start: 0, end: 100 } }], undefined, reach).then(collect),
    );
    expect(bytes.compare(content.subarray(0, 100))).to.equal(0);
  }

  it("asks them before the nodes, and the cache before them", async () => {
    const peer = new Peer(1);
    const retrieval = start(peer);
    await expectRead(retrieval);
    await expectRead(retrieval);
    expect(peer.asked).to.equal(1);
    expect(network.nodes.gets).to.have.length(0);
    expect(retrieval.metrics()).to.include({ fromPeers: 1, cached: 1, fetches: 0 });
  });

  for (const [what, peer] of [
    ["have it not", new Peer(1, false)],
    ["fail", new Peer(1, new Error("broken"))],
  ] as const)
    it(`asks the nodes at once when they ${what}`, async () => {
      const began = clock.now();
      await expectRead(start(peer, HEAD_START_MS));
      expect(clock.now() - began).to.be.lessThan(HEAD_START_MS);
      expect(network.nodes.gets.map(({ node }) => node)).to.deep.equal([nodeAccount(0)]);
    });

  it("asks the nodes beside them after their head start, and lets them go when the nodes are quicker", async () => {
    const peer = new Peer(60_000);
    const retrieval = start(peer);
    await expectRead(retrieval);
    expect([peer.asked, peer.aborted]).to.deep.equal([1, 1]);
    expect(retrieval.metrics()).to.include({ fromPeers: 0 });
  });

  it("takes it from them after their head start when the nodes are slow or gone", async () => {
    for (let index = 0; index < 12; index++) network.fault(index, index < 6 ? "silent" : "down");
    const retrieval = start(new Peer(2 * HEAD_START_MS));
    await expectRead(retrieval);
    expect(retrieval.metrics()).to.include({ fromPeers: 1 });
    expect(network.nodes.gets.filter(({ end }) => end === "running")).to.have.length(0);
  });

  it("says that it is unavailable when neither has it", async () => {
    for (let index = 0; index < 12; index++) network.fault(index, "down");
    const failure: unknown = await time
      .during(start(new Peer(2 * HEAD_START_MS, false)).open([{ file, range: { start: 0, end: 1 } }]))
      .catch((error: unknown) => error);
    expect(failure).to.include({ kind: "objectUnavailable" });
  });

  it("asks no gateway in a read for another gateway, and nobody at all in one from the cache", async () => {
    const peer = new Peer(1);
    const retrieval = start(peer);
    const refused: unknown = await retrieval
      .open([{ file, range: { start: 0, end: 1 } }], undefined, "cache")
      .catch((error: unknown) => error);
    expect(refused).to.include({ kind: "objectUnavailable" });
    expect(network.nodes.gets).to.have.length(0);
    await expectRead(retrieval, "nodes");
    await expectRead(retrieval, "cache");
    expect(peer.asked).to.equal(0);
    expect(network.nodes.gets).to.have.length(1);
  });
});

import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TieredCache } from "../../../src/cache/tiered-cache.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import type { Encoder } from "../../../src/encoding/encoder.js";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import { MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { MeasuredNodes } from "../../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval, type RetrievalSettings } from "../../../src/retrieval/network-retrieval.js";
import { collect } from "../../support/collect.js";
import { VirtualTime } from "../../support/virtual-time.js";
import { TestFolder } from "../encoding/vector-bytes.js";
import { MemoryNetwork } from "./memory-network.js";

const CBC = { name: "cess-cbc", cipher: "correct-horse" } as const;

/** For the tests of one `describe`: a plain and an encrypted file on a network, and gateways that read them. */
export function useRetrieval() {
  const folder = new TestFolder();
  const threads = new ThreadEncoder({ threads: 2 });
  /** Threads and disks take none of it: only what is slow on purpose does. */
  const time = new VirtualTime({ stepMs: 10 });
  const { clock } = time;
  const until = (condition: () => boolean) => time.until("the test's condition holds", condition);
  const encoder = time.watch(threads);
  const network = new MemoryNetwork(encoder, clock);
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
    await threads.close();
    folder.remove();
  });

  /** Only tests of impatience may race. */
  const patient = { minHedgeMs: 100_000, maxHedgeMs: 100_000 };

  /** A gateway that has just started, with an empty cache. */
  function start(
    settings: Partial<RetrievalSettings> = {},
    memoryBytes = 256 * MIB,
    changed: Partial<Encoder> = {},
    diskBytes = 0,
  ) {
    const verify = encoder.verify.bind(encoder);
    const tiers = new TieredCache({ verify }, { folder: join(folder.path, "cache"), memoryBytes, diskBytes });
    caches.push(tiers);
    const cache = time.watch(tiers);
    const registry = PersistentNodeRegistry.inMemory({ chain: network.chain, clock });
    const nodes = new MeasuredNodes({ nodes: network.nodes, registry, clock });
    const real: Encoder = {
      hashSegment: encoder.hashSegment.bind(encoder),
      segmentHash: encoder.segmentHash.bind(encoder),
      fragments: encoder.fragments.bind(encoder),
      check: encoder.check.bind(encoder),
      reconstruct: encoder.reconstruct.bind(encoder),
      verify,
      close: () => Promise.resolve(),
    };
    const components = { chain: network.chain, nodes, registry, cache, encoder: { ...real, ...changed }, clock };
    return { cache, registry, retrieval: new NetworkRetrieval(components, { ...patient, ...settings }) };
  }

  async function read(retrieval: NetworkRetrieval, start: number, end: number, of = file): Promise<Buffer> {
    return time.during(retrieval.open([{ file: of, range: { start, end } }]).then(collect));
  }

  async function expectContent(retrieval: NetworkRetrieval, start = 0, end = size, of = file): Promise<void> {
    const bytes = await read(retrieval, start, end, of);
    expect(bytes.length).to.equal(end - start);
    expect(Buffer.compare(bytes, content.subarray(start, end))).to.equal(0);
  }

  const asked = () => network.nodes.gets.map(({ node }) => node);

  return {
    time,
    clock,
    until,
    encoder,
    network,
    folder,
    path,
    size,
    content,
    start,
    read,
    expectContent,
    asked,
    get file(): CessFile {
      return file;
    },
    get encrypted(): CessFile {
      return encrypted;
    },
  };
}

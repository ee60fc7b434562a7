import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import type { Fid } from "../../../src/model/hash.js";
import { SEGMENT_SIZE } from "../../../src/model/sizes.js";
import type { ChainFile, ChainNode } from "../../../src/network/chain/chain.js";
import { PersistentNodeRegistry } from "../../../src/network/nodes/persistent-node-registry.js";
import { ChainFiles } from "../../../src/retrieval/chain-files.js";
import { DIRECTORY_DEFAULTS, FileDirectory } from "../../../src/retrieval/file-directory.js";
import { systemClock } from "../../../src/async/system-clock.js";
import { TestFolder } from "../encoding/vector-bytes.js";
import { MemoryNetwork, nodeAccount } from "./memory-network.js";

describe("ChainFiles", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 2 });
  const size = SEGMENT_SIZE + 5;
  let network: MemoryNetwork;
  let file: CessFile;
  let listed: ChainFile;
  let nodes: ChainNode[];

  before(async () => {
    network = new MemoryNetwork(encoder);
    file = await network.store(folder.write("content", randomBytes(size)), size, PLAIN);
    listed = network.chain.files.get(file.fid)!;
    nodes = network.chain.registered;
  });
  beforeEach(() => {
    network.chain.connected = true;
    network.chain.registered = [...nodes];
    network.chain.files.set(file.fid, listed);
  });
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  const start = () =>
    new ChainFiles({
      directory: new FileDirectory(
        {
          chain: network.chain,
          registry: PersistentNodeRegistry.inMemory({ chain: network.chain, clock: systemClock }),
          clock: systemClock,
        },
        DIRECTORY_DEFAULTS,
      ),
    });
  const list = (change: Partial<ChainFile>) => network.chain.files.set(file.fid, { ...listed, ...change });
  const kind = (promise: Promise<unknown>) =>
    promise.then(
      () => "none",
      (error: unknown) => (error as { kind?: string }).kind,
    );

  it("finds a file as it would be preprocessed anew", async () => {
    expect(await start().find(file.fid)).to.deep.equal(file);
    expect(await start().find("0".repeat(64) as Fid)).to.equal(undefined);
  });

  for (const count of [1, 2, 3, 5])
    it(`finds a file of ${count} segments under the FID that CD2N's retriever gives it`, async () => {
      const segments = Array.from({ length: count }, (_, n) => listed.segments[n % 2]!);
      const raw = Buffer.concat(segments.map(({ hash }) => Buffer.from(hash, "hex")));
      const fid = createHash("sha256").update(raw).digest("hex") as Fid;
      network.chain.files.set(fid, { ...listed, fid, size: count * SEGMENT_SIZE - 1, segments });
      expect((await start().find(fid))?.segments.map(({ hash }) => hash)).to.deep.equal(
        segments.map(({ hash }) => hash),
      );
    });

  it("believes no list of segments that does not make the FID, nor one that cannot hold the bytes", async () => {
    for (const change of [
      { segments: [...listed.segments].reverse() },
      { segments: listed.segments.slice(0, 1) },
      { segments: [] },
      { size: 2 * SEGMENT_SIZE + 1 },
      { size: 0 },
      { segments: listed.segments.map((segment) => ({ ...segment, fragments: segment.fragments.slice(1) })) },
    ]) {
      list(change);
      expect(await kind(start().find(file.fid))).to.equal("fileUnverifiable");
    }
  });

  it("says that the chain cannot be asked", async () => {
    network.chain.connected = false;
    expect(await kind(start().find(file.fid))).to.equal("dependencyUnavailable");
    expect(await kind(start().redundancy(file.fid))).to.equal("dependencyUnavailable");
  });

  it("counts the fragments of the worst segment whose nodes are registered, in good standing and not to be replaced", async () => {
    expect(await start().redundancy(file.fid)).to.equal(12);
    network.chain.registered = nodes
      .slice(1)
      .map((node, n) =>
        n === 0
          ? { ...node, state: "frozen" }
          : n === 1
            ? { ...node, state: "lock" }
            : n === 2
              ? { ...node, state: "exit" }
              : node,
      );
    expect(await start().redundancy(file.fid)).to.equal(9);
    const [first, second] = listed.segments;
    list({
      segments: [
        first!,
        {
          ...second!,
          fragments: second!.fragments.map((fragment, n) => (n === 11 ? { ...fragment, lost: true } : fragment)),
        },
      ],
    });
    expect(await start().redundancy(file.fid)).to.equal(8);
    expect(nodes[0]!.account).to.equal(nodeAccount(0));
    expect(await start().redundancy("0".repeat(64) as Fid)).to.equal(undefined);
  });
});

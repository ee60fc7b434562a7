import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { type CessFile, PLAIN } from "../../../src/model/file.js";
import type { CessAccount } from "../../../src/model/account.js";
import type { Fid } from "../../../src/model/hash.js";
import { SEGMENT_SIZE } from "../../../src/model/sizes.js";
import type { ChainFile, ChainNode } from "../../../src/network/chain/chain.js";
import { PersistentNodeRegistry } from "../../../src/network/nodes/persistent-node-registry.js";
import { ChainFiles } from "../../../src/retrieval/chain-files.js";
import type { FragmentPlace } from "../../../src/retrieval/fragment-source.js";
import { DIRECTORY_DEFAULTS, FileDirectory } from "../../../src/retrieval/file-directory.js";
import type { Clock } from "../../../src/model/clock.js";
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

  const fragment = ({ file: { segments }, segment, fragment: index }: FragmentPlace): Promise<Uint8Array> =>
    Promise.resolve(network.nodes.fragments.get(`${nodeAccount(index)}/${segments[segment]!.fragments[index]!}`)!);
  const start = (clock: Clock = systemClock) =>
    new ChainFiles({
      fragments: { get: fragment },
      directory: new FileDirectory(
        {
          chain: network.chain,
          registry: PersistentNodeRegistry.inMemory({ chain: network.chain, clock: systemClock }),
          clock,
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

  it("says who has a file, under which names, whether or not its segments make the FID", async () => {
    const owners = [
      { account: "cOne" as CessAccount, territory: "t", fileName: "report.pdf" },
      { account: "cTwo" as CessAccount, territory: "t" },
    ];
    list({ owners, segments: [] });
    expect(await start().entry(file.fid)).to.deep.equal({
      fid: file.fid,
      size,
      owners: [{ account: "cOne", fileName: "report.pdf" }, { account: "cTwo" }],
    });
    expect(await start().entry("0".repeat(64) as Fid)).to.equal(undefined);
  });

  it("says of owners what the chain said some seconds ago, if that is wanted; while the chain is away, what it said last", async () => {
    let now = 1_000_000;
    const files = start({ now: () => now, sleep: () => Promise.resolve() });
    const owner = async (recent: boolean) => (await files.entry(file.fid, undefined, recent))?.owners[0]?.account;
    list({ owners: [{ account: "cOne" as CessAccount, territory: "t" }] });
    expect(await owner(false)).to.equal("cOne");
    list({ owners: [{ account: "cTwo" as CessAccount, territory: "t" }] });
    now += 14_000;
    expect(await owner(true)).to.equal("cOne");
    now += 2_000;
    expect(await owner(false)).to.equal("cOne");
    network.chain.connected = false;
    const reads = network.chain.reads;
    expect(await owner(true)).to.equal("cOne");
    expect(network.chain.reads, "nobody waits for it").to.equal(reads);
    network.chain.connected = true;
    expect(await owner(true)).to.equal("cTwo");
  });

  it("says of a file on its way how many nodes have reported", async () => {
    const fid = "1".repeat(64) as Fid;
    const [owner, other] = ["cOne" as CessAccount, "cTwo" as CessAccount];
    const reports = [0, 1, 2].map((index) => ({ index, node: nodeAccount(index) }));
    network.chain.deals.set(fid, { fid, owner, territory: "t", fileName: "x.txt", size: 7, segments: [], reports });
    const files = start();
    expect(await files.entry(fid)).to.deep.equal({
      fid,
      size: 7,
      owners: [{ account: owner, fileName: "x.txt" }],
      reports: 3,
    });
    network.chain.deals.delete(fid);
    network.chain.files.set(fid, { ...listed, fid, owners: [{ account: other, territory: "t" }] });
    expect(await files.entry(fid))
      .to.include({ fid, size })
      .and.not.to.have.property("reports");
    network.chain.files.delete(fid);
  });

  it("reads what an account holds once for some seconds", async () => {
    const account = "cOne" as CessAccount;
    network.chain.owned.set(account, [file.fid]);
    const files = start();
    const before = network.chain.reads;
    const [one, other] = await Promise.all([files.held(account), files.held(account)]);
    expect(one).to.equal(other);
    expect(await files.held(account)).to.equal(one);
    expect(network.chain.reads - before).to.equal(1);
    expect(one.count).to.equal(1);
    expect(await files.sizes([file.fid, "3".repeat(64) as Fid, file.fid])).to.deep.equal([size, undefined, size]);
    network.chain.connected = false;
    expect(await kind(files.held("cTwo" as CessAccount))).to.equal("dependencyUnavailable");
    expect(await kind(files.entry("2".repeat(64) as Fid))).to.equal("dependencyUnavailable");
  });
});

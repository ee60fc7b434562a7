import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";
import { reservePort } from "../support/reserved-port.js";

const MIB = 2 ** 20;
const SIZE = 34 * MIB;
/** Data fragments that the object's bytes lie in: four of its first segment, one of its second. */
const FRAGMENTS = 5;

const sha256 = async (body: Readable) => {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk as Buffer);
  return hash.digest("hex");
};

describe("two gateways on one network, the second of which asks the first", function () {
  this.timeout(180_000);
  let folder: string;
  let network: DevNetwork;
  let first: GatewayProcess;
  let second: GatewayProcess;
  let peerPort: number;
  let digest: string;
  let fid: string;

  const start = (name: string, peers: object) => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(
      path,
      JSON.stringify({
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
        accounts: network.users.map((user) => ({ ...user, readsNetwork: true })),
        dataDir: join(folder, name),
        allowPrivateNodes: true,
        encryption: { default: "none" },
        nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
        peers,
        logLevel: "warn",
      }),
    );
    mkdirSync(join(folder, name), { recursive: true });
    return GatewayProcess.start(["serve", "--config", path], {});
  };
  const startSecond = () => start("second", { endpoints: [`http://127.0.0.1:${peerPort}`] });
  const everyNode = async (fault: string) => {
    for (const { n } of await network.nodes()) network.setFault(n, fault);
  };
  const read = async (client: S3Client, Bucket: string, Key: string) =>
    sha256((await client.send(new GetObjectCommand({ Bucket, Key }))).Body as Readable);
  const sources = async (gateway: GatewayProcess) => {
    const of = (source: string) => gateway.metric(`cess_s3_fragment_reads_total{source="${source}"}`);
    return { cached: await of("cache"), peers: await of("peer"), nodes: await of("node") };
  };
  /** Of each node, how many fragments it has given to the second gateway. */
  const registry = async () => {
    const rows = (await (await fetch(`${second.admin}/nodes`)).json()) as { account: string; get: { count: number } }[];
    return Object.fromEntries(rows.map(({ account, get }) => [account, get.count]));
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-two-"));
    peerPort = await reservePort();
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: 200, spec: 133 });
    first = await start("first", { listen: `127.0.0.1:${peerPort}` });
    second = await startSecond();
    const bytes = randomBytes(SIZE);
    digest = createHash("sha256").update(bytes).digest("hex");
    await first.client().send(new CreateBucketCommand({ Bucket: "shared" }));
    await first.client().send(new PutObjectCommand({ Bucket: "shared", Key: "object", Body: bytes }));
    fid = (await untilStored(first.client(), "shared", "object", 120_000)).fid!;
  });
  after(async () => {
    await Promise.all([first.end("SIGKILL"), second.end("SIGKILL")]);
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("reads a file by its FID from the other's cache while all 14 storage nodes are down", async () => {
    expect(await read(first.client(), "shared", "object"), "the first has it in its cache from now on").to.equal(
      digest,
    );
    await everyNode("down");
    expect(await read(second.client(), "cess", fid)).to.equal(digest);
    // One of them twice: first to see that the file ends in zeros, and is not encrypted.
    expect(await sources(second)).to.deep.equal({ cached: 1, peers: FRAGMENTS, nodes: 0 });
    expect(await second.metric('cess_s3_peer_fetches_total{result="found"}')).to.equal(FRAGMENTS);
    expect(await first.metric("cess_s3_peer_sent_bytes_total")).to.be.least(SIZE);
  });

  it("reads it from its own cache the next time", async () => {
    expect(await read(second.client(), "cess", fid)).to.equal(digest);
    expect(await sources(second)).to.deep.equal({ cached: 1 + FRAGMENTS, peers: FRAGMENTS, nodes: 0 });
  });

  it("reads it from the storage nodes when the other gateway is gone", async () => {
    await everyNode("none");
    await first.end("SIGKILL");
    await second.dropCache();
    expect(await read(second.client(), "cess", fid)).to.equal(digest);
    const { peers, nodes } = await sources(second);
    expect(peers, "none more from the peer").to.equal(FRAGMENTS);
    expect(nodes).to.be.within(1, FRAGMENTS);
  });

  it("knows after a restart what it has learned of the storage nodes", async () => {
    const before = await registry();
    expect(Object.values(before).reduce((sum, count) => sum + count, 0)).to.be.least(FRAGMENTS);
    await second.end();
    second = await startSecond();
    expect(await registry()).to.deep.equal(before);
  });
});

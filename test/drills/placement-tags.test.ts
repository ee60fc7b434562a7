import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  HeadObjectCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { objectSchema, type ObjectAnswer } from "../../src/cli/admin-answers.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { CHARGED_PER_SEGMENT } from "../../src/model/sizes.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const run = promisify(execFile);

describe("Storage nodes that a bucket chooses", function () {
  this.timeout(180_000);
  let folder: string;
  let network: DevNetwork;
  let gateway: GatewayProcess;
  let client: S3Client;
  let accounts: string[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-placement-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 15, blockMs: 200, spec: 133 });
    accounts = (await network.nodes()).map(({ account }) => account);
    const [user] = network.users;
    const config = join(folder, "config.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
        accounts: [user],
        dataDir: join(folder, "data"),
        allowPrivateNodes: true,
        encryption: { default: "AES256" },
        packing: { maxAgeSeconds: 1 },
        placement: {
          tags: true,
          avoid: accounts.slice(14),
          regions: [
            { name: "here", networks: ["127.0.0.0/16"] },
            { name: "few", nodes: accounts.slice(0, 11) },
          ],
        },
      }),
    );
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    client = gateway.client();
    for (const Bucket of ["here", "named", "few", "any"]) await client.send(new CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    client.destroy();
    await gateway.end();
    await network.close();
    rmSync(folder, { recursive: true });
  });

  const tag = (Bucket: string, tags: Readonly<Record<string, string>>) =>
    client.send(
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: { TagSet: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      }),
    );
  const named = (from: number, to: number) => ({
    "cess-nodes": accounts.slice(from, from + 5).join(" "),
    "cess-nodes-2": accounts.slice(from + 5, from + 10).join(" "),
    "cess-nodes-3": accounts.slice(from + 10, to).join(" "),
  });
  const command = (...args: string[]) =>
    run(process.execPath, [join(root, "dist/src/main.js"), ...args, "--admin", gateway.admin]).then(
      ({ stdout }) => stdout,
    );
  const shown = async (bucket: string, key: string): Promise<ObjectAnswer> =>
    objectSchema.parse(JSON.parse(await command("object", bucket, key, "--json")));
  const holders = ({ files }: ObjectAnswer) =>
    files.flatMap(({ segments }) => segments.flatMap((segment) => segment.holders.map(({ node }) => node)));

  it("are checked when the tags are set", async () => {
    const refused = (tags: Readonly<Record<string, string>>) =>
      tag("any", tags).then(
        () => undefined,
        (error: unknown) => String(error),
      );
    expect(await refused({ "cess-regions": "mars" }))
      .to.contain("InvalidTag")
      .and.to.contain("here, few");
    expect(await refused({ "cess-nodes": accounts[0] ?? "" }))
      .to.contain("InvalidTag")
      .and.to.contain("at least 12");
    expect(await refused({ "cess-nodes": "cXnobody" }))
      .to.contain("InvalidTag")
      .and.to.contain("no CESS account");
    expect(await refused(named(3, 15)), "one of them is the operator's to avoid").to.contain("these are 11");
    expect(await refused({ team: "storage" })).to.equal(undefined);
  });

  it("get the fragments of its objects, which are files of their own, and the object shows that it was kept", async () => {
    await tag("named", named(0, 12));
    await tag("here", { "cess-regions": "here" });
    for (const Bucket of ["named", "here"]) {
      await client.send(new PutObjectCommand({ Bucket, Key: "small", Body: `hello ${Bucket}` }));
      await untilStored(client, Bucket, "small");
      const object = await shown(Bucket, "small");
      expect(object.files.map(({ layout }) => layout)).to.deep.equal(["own-file"]);
      expect(object.chargedBytes).to.equal(CHARGED_PER_SEGMENT);
      expect(object.placement?.kept, Bucket).to.equal(true);
      expect(holders(object)).to.have.length(12).and.not.to.include(accounts[14]);
    }
    expect(holders(await shown("named", "small"))).to.have.members(accounts.slice(0, 12));
    expect(await command("object", "named", "small"))
      .to.contain("12 named nodes: kept")
      .and.to.contain("as wanted");
  });

  it("do not get the bytes of a copy that other nodes have already", async () => {
    await client.send(new PutObjectCommand({ Bucket: "any", Key: "source", Body: "from anywhere" }));
    await client.send(
      new PutObjectCommand({ Bucket: "any", Key: "own", Body: "alone", Metadata: { "cess-layout": "own-file" } }),
    );
    for (const key of ["source", "own"]) {
      await untilStored(client, "any", key);
      await client.send(new CopyObjectCommand({ Bucket: "named", Key: key, CopySource: `any/${key}` }));
      await untilStored(client, "named", key);
      const object = await shown("named", key);
      expect(object.placement?.kept, key).to.equal(true);
      expect(object.fid).not.to.equal((await shown("any", key)).fid);
    }
    expect((await shown("any", "source")).placement).to.equal(undefined);
  });

  it("are waited for when there are too few, and others are taken when the tags change", async () => {
    await tag("few", { "cess-regions": "few" });
    await client.send(new PutObjectCommand({ Bucket: "few", Key: "waits", Body: "waits" }));
    const why = await eventually("the reason", async () => {
      const { waiting } = await shown("few", "waits");
      return waiting.find((text) => text.includes("bucket's tags"));
    });
    expect(why).to.contain("not as the bucket's tags want it (region few)");
    const object = await shown("few", "waits");
    expect(object.placement).to.deep.equal({ wanted: "region few", kept: true });
    expect(holders(object)).to.have.length(11);
    const head = await client.send(new HeadObjectCommand({ Bucket: "few", Key: "waits" }));
    expect(head.ReplicationStatus).to.equal("PENDING");
    await tag("few", { "cess-regions": "few here" });
    await command("jobs", "retry", "--all");
    await untilStored(client, "few", "waits");
    expect((await shown("few", "waits")).placement?.kept).to.equal(true);
    await tag("few", { "cess-regions": "few" });
    const after = await shown("few", "waits");
    expect(after.placement).to.deep.equal({ wanted: "region few", kept: false });
    expect(await command("object", "few", "waits"))
      .to.contain("NOT KEPT")
      .and.to.contain("NOT AS WANTED");
  });
});

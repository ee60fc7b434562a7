import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import Database from "libsql";
import { z } from "zod";
import { journalSchema, sharesSchema } from "../../src/cli/admin-answers.js";
import { shareKeys } from "../../src/cli/gateway/share-keys.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import type { CessAccount } from "../../src/model/account.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";

const MIB = 2 ** 20;
/** Of the recipient, and of somebody else. */
const [RECIPIENT, STRANGER] = ["//Recipient", "//Stranger"];

describe("A bucket that is shared", function () {
  this.timeout(300_000);
  const [plain, sealed, large] = [randomBytes(1000), randomBytes(2000), randomBytes(9 * MIB)];
  let folder: string;
  let network: DevNetwork;
  let owner: GatewayProcess;
  let recipient: GatewayProcess;
  let a: S3Client;
  let b: S3Client;
  let key: string;
  let session: ChainSession;
  /** What the command prints for the recipient's configuration. */
  let line: string;

  function configure(name: string, more: object, mounts = ""): string {
    const path = join(folder, `${name}.yaml`);
    mkdirSync(join(folder, name), { recursive: true });
    const settings = {
      dataDir: join(folder, name),
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
      accounts: network.users,
      allowPrivateNodes: true,
      encryption: { default: "none" },
      packing: { maxAgeSeconds: 2 },
      journal: { maxAgeSeconds: 3600 },
      logLevel: "warn",
      ...more,
    };
    const lines = Object.entries(settings).map(([setting, value]) => `${setting}: ${JSON.stringify(value)}`);
    writeFileSync(path, [...lines, mounts].join("\n"));
    return path;
  }
  const start = (config: string) => GatewayProcess.start(["serve", "--config", config], {}, { unready: true });
  const reader = (name: string, mnemonic: string) =>
    start(
      configure(
        name,
        { chain: { endpoints: [network.chainEndpoint], mnemonic, blockMs: 200 } },
        line.replace("stream:", "refreshSeconds: 1, stream:"),
      ),
    );
  const put = (Bucket: string, Key: string, Body: Buffer, more: Partial<PutObjectCommandInput> = {}) =>
    a.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const asked = (...args: readonly string[]) => cessS3([...args, "--admin", owner.admin]);
  const sharesNow = async () => sharesSchema.parse(await (await fetch(`${owner.admin}/shares`)).json());
  async function bytes(client: S3Client, Key: string): Promise<Buffer> {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "shown", Key }));
    return Buffer.concat((await (Body as Readable).toArray()) as Buffer[]);
  }
  async function keys(client: S3Client): Promise<(string | undefined)[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "shown" }));
    return Contents.map(({ Key }) => Key);
  }
  const nameOf = (answer: Promise<unknown>) =>
    answer.then(
      () => "given",
      (error: unknown) => (error as Error).name,
    );
  const allStored = () =>
    eventually(
      "all objects are stored",
      async () => {
        const status = z.object({ objects: z.record(z.string(), z.number()) });
        const { objects } = status.parse(await (await fetch(`${owner.admin}/status`)).json());
        return Object.entries(objects).every(([state, count]) => state === "stored" || count === 0) ? true : undefined;
      },
      120_000,
    );

  /** Snapshots on the chain that the recipient's key opens. */
  async function snapshots(): Promise<number> {
    const signer = await signerFromMnemonic(RECIPIENT);
    const sharer = /gateway: "0x(\w+)"/.exec(line)![1]!;
    const names = new OrderNames(shareKeys(signer, { sharer, recipient: key.slice(2) }).derive(ORDER_NAMES));
    const { cessAccount } = network.users[0]!;
    const fids = new Set(await session.reader.ownedFiles(cessAccount as CessAccount));
    let count = 0;
    for (const fid of fids) {
      const owners = (await session.reader.file(fid, "finalized"))?.owners ?? [];
      if (owners.some(({ fileName = "" }) => names.open(fileName))) count++;
    }
    return count;
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-shares-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 12, blockMs: 200, spec: 133 });
    const { pair } = await signerFromMnemonic(RECIPIENT);
    key = `0x${Buffer.from(pair.publicKey).toString("hex")}`;
    session = new ChainSession({ endpoints: [network.chainEndpoint] });
    await session.ready();
    owner = await start(configure("owner", {}));
    a = owner.client();
  });
  after(async () => {
    for (const client of [a, b]) client.destroy();
    for (const gateway of [owner, recipient]) await gateway.end();
    await session.close();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is told to one public key, and refused to what is none", async () => {
    for (const Bucket of ["shown", "hidden-bucket"]) await a.send(new CreateBucketCommand({ Bucket }));
    await put("shown", "plain", plain, { Metadata: { m: "1" } });
    await put("shown", "sealed", sealed, { ServerSideEncryption: "AES256" });
    await put("shown", "large", large, { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "aws/s3" });
    await put("hidden-bucket", "hidden-key", randomBytes(500), { Metadata: { m: "hidden-value" } });
    await allStored();
    expect((await asked("share", "nowhere", "--to", key)).stderr).to.contain("there is no bucket nowhere");
    expect((await asked("share", "shown", "--to", "0x12")).stderr).to.contain("no public key");
    const { code, stdout, stderr } = await asked("share", "shown", "--to", key);
    expect(code, stderr).to.equal(0);
    line = /^mounts: .*$/m.exec(stdout)?.[0] ?? "";
    expect(line).to.match(
      /^mounts: \[\{account: c\w+, mode: read, gateway: "0x[0-9a-f]{64}", stream: "[0-9a-f]{8}"\}\]$/,
    );
    expect((await asked("shares")).stdout).to.contain("shown");
    await eventually(
      "it is on CESS",
      async () => ((await sharesNow())[0]?.snapshot?.state === "stored" ? true : undefined),
      60_000,
    );
  });

  it("is read byte for byte by who has that key, and nothing else is", async () => {
    recipient = await reader("recipient", RECIPIENT);
    b = recipient.client();
    await eventually("the bucket", async () => ((await nameOf(keys(b))) === "given" ? true : undefined), 60_000);
    expect((await b.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).to.deep.equal(["shown"]);
    expect(await keys(b)).to.deep.equal(["large", "plain", "sealed"]);
    expect(await bytes(b, "plain")).to.deep.equal(plain);
    expect(await bytes(b, "sealed")).to.deep.equal(sealed);
    expect(await bytes(b, "large")).to.deep.equal(large);
    expect(await nameOf(b.send(new ListObjectsV2Command({ Bucket: "hidden-bucket" })))).to.equal("NoSuchBucket");
    expect(await nameOf(b.send(new PutObjectCommand({ Bucket: "shown", Key: "x", Body: "x" })))).to.equal(
      "AccessDenied",
    );
    const [mount] = journalSchema.parse(await (await fetch(`${recipient.admin}/journal`)).json()).mounts;
    const database = new Database(join(folder, "recipient", "mounts", mount!.mount, "catalog.sqlite"));
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
    const all = tables.map(({ name }) => JSON.stringify(database.prepare(`select * from "${name}"`).all())).join();
    database.close();
    expect(all).to.contain("shown").and.contain("sealed");
    const { name, territory } = network.users[0]!;
    for (const secret of ["hidden", name, territory]) expect(all).not.to.contain(secret);
  });

  it("is nothing to who has another key", async () => {
    const stranger = await reader("stranger", STRANGER);
    const client = stranger.client();
    try {
      await eventually("a look", async () => {
        const { mounts } = journalSchema.parse(await (await fetch(`${stranger.admin}/journal`)).json());
        return mounts[0]?.failure?.includes("none is a journal that the keys open") ? true : undefined;
      });
      expect(await nameOf(client.send(new ListObjectsV2Command({ Bucket: "shown" })))).to.equal("NoSuchBucket");
    } finally {
      client.destroy();
      await stranger.end();
    }
  });

  it("follows changes, and the older snapshot goes from the chain", async () => {
    await put("shown", "later", sealed, { ServerSideEncryption: "AES256" });
    await allStored();
    const before = (await sharesNow())[0]!.snapshot!.number;
    await asked("journal", "flush");
    await eventually("the new object", async () => ((await keys(b)).includes("later") ? true : undefined), 60_000);
    expect(await bytes(b, "later")).to.deep.equal(sealed);
    expect((await sharesNow())[0]!.snapshot!.number).to.be.above(before);
    await eventually("one snapshot is left", async () => ((await snapshots()) === 1 ? true : undefined), 60_000);
  });

  it("shows nothing new when it is shared no more", async () => {
    const { code, stderr } = await asked("share", "shown", "--to", key, "--revoke");
    expect(code, stderr).to.equal(0);
    expect(await sharesNow()).to.deep.equal([]);
    await put("shown", "after", sealed, { ServerSideEncryption: "AES256" });
    await allStored();
    await asked("journal", "flush");
    await eventually(
      "the recipient finds no snapshot any more",
      async () => {
        const { mounts } = journalSchema.parse(await (await fetch(`${recipient.admin}/journal`)).json());
        return mounts[0]?.failure === undefined ? undefined : true;
      },
      60_000,
    );
    expect(await keys(b)).to.deep.equal(["large", "later", "plain", "sealed"]);
    expect(await snapshots()).to.equal(0);
  });
});

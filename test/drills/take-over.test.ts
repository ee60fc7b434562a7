import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { headWithHeaders, untilStored } from "../support/object-state.js";

const MIB = 2 ** 20;
const SEGMENT = 32 * MIB;
const CIPHER = "open sesame";
const withCipher = { SSECustomerAlgorithm: "cess-cbc", SSECustomerKey: CIPHER };

describe("two gateways on one network, the second of which takes the first one's files over", function () {
  this.timeout(240_000);
  const content = randomBytes(MIB);
  /** Of two segments in the scheme `cess-cbc`. */
  const secret = randomBytes(SEGMENT + 5);
  let folder: string;
  let network: DevNetwork;
  let first: GatewayProcess;
  let second: GatewayProcess;
  let theirs: S3Client;
  let ours: S3Client;
  let fid: string;
  let sealed: string;

  const start = (name: string) => {
    const path = join(folder, `${name}.yaml`);
    const settings = {
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 300 },
      accounts: network.users.map((user) => ({ ...user, readsNetwork: true })),
      dataDir: join(folder, name),
      allowPrivateNodes: true,
      encryption: { default: "none" },
      packing: { maxObjectBytes: 0 },
      logLevel: "warn",
    };
    mkdirSync(settings.dataDir, { recursive: true });
    writeFileSync(path, JSON.stringify(settings));
    return GatewayProcess.start(["serve", "--config", path], {});
  };
  const startSecond = async () => {
    second = await start("second");
    ours = second.client("cessalt", "cessaltsecret");
  };
  const read = async (client: S3Client, Bucket: string, Key: string, more = {}) =>
    Buffer.from(await (await client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToByteArray());
  const copy = (Key: string, from: string, more = {}) =>
    ours.send(new CopyObjectCommand({ Bucket: "ours", Key, CopySource: `cess/${from}`, ...more }));
  const bytesOfNodes = async () => (await network.nodes()).reduce((sum, { bytes }) => sum + bytes, 0);
  /** What `x-cess-owner` and `x-cess-file-name` say, as the chain has it some seconds later at most. */
  async function said(key: string): Promise<Record<string, string>> {
    return (await headWithHeaders(theirs, { Bucket: "cess", Key: key })).headers;
  }
  const untilOwners = (key: string, owners: readonly (string | undefined)[]) =>
    eventually(
      `${key} belongs to ${owners.length}`,
      async () => ((await said(key))["x-cess-owner"] === owners.join(",") ? true : undefined),
      60_000,
    );
  const untilHeld = (client: S3Client, expected: readonly string[]) =>
    eventually(
      `${expected.length} files are held`,
      async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "cess" }));
        return Contents.map(({ Key }) => Key).join() === [...expected].sort().join() ? Contents : undefined;
      },
      60_000,
    );

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-take-over-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: 300, spec: 133 });
    mkdirSync(join(folder, "first"), { recursive: true });
    const keys = { master: randomBytes(32).toString("base64"), kms: {}, ciphers: { friends: CIPHER } };
    writeFileSync(join(folder, "first", "keys.json"), JSON.stringify(keys), { mode: 0o600 });
    first = await start("first");
    theirs = first.client();
    await startSecond();
    for (const Bucket of ["plain", "sealed"]) await theirs.send(new CreateBucketCommand({ Bucket }));
    await ours.send(new CreateBucketCommand({ Bucket: "ours" }));
    await theirs.send(
      new PutBucketEncryptionCommand({
        Bucket: "sealed",
        ServerSideEncryptionConfiguration: {
          Rules: [
            { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "cess-cbc" as never, KMSMasterKeyID: "friends" } },
          ],
        },
      }),
    );
    await theirs.send(
      new PutBucketTaggingCommand({ Bucket: "sealed", Tagging: { TagSet: [{ Key: "cess-name", Value: "key" }] } }),
    );
    await theirs.send(new PutObjectCommand({ Bucket: "plain", Key: "photo.jpg", Body: content }));
    await theirs.send(new PutObjectCommand({ Bucket: "sealed", Key: "2026/Übersicht.pdf", Body: secret }));
    fid = (await untilStored(theirs, "plain", "photo.jpg", 120_000)).fid!;
    sealed = (await untilStored(theirs, "sealed", "2026/Übersicht.pdf", 120_000)).fid!;
  });
  after(async () => {
    await Promise.all([first.end("SIGKILL"), second.end("SIGKILL")]);
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("lists to each account what it holds on chain, with sizes", async () => {
    const held = await untilHeld(theirs, [fid, sealed]);
    const sizes = new Map(held.map(({ Key, Size }) => [Key, Size]));
    expect([sizes.get(fid), sizes.get(sealed)]).to.deep.equal([content.length, secret.length]);
    await untilHeld(ours, []);
  });

  it("says under which name a file is on chain: a token, or what the bucket's tag asks for", async () => {
    expect((await said(fid))["x-cess-file-name"]).to.match(/^[a-ik-q]{32}$/);
    const { "x-cess-file-name": name, "x-cess-owner": owner } = await said(sealed);
    expect([name, owner]).to.deep.equal(["-bersicht.pdf", network.users[0]!.cessAccount]);
  });

  it("reads an encrypted file of the other with its cipher, and all that is stored without it", async () => {
    const head = await ours.send(new HeadObjectCommand({ Bucket: "cess", Key: sealed }));
    expect(head.ContentLength).to.equal(2 * SEGMENT);
    const opened = await ours.send(new HeadObjectCommand({ Bucket: "cess", Key: sealed, ...withCipher }));
    expect([opened.ContentLength, opened.ContentType]).to.deep.equal([secret.length, "application/pdf"]);
    expect((await read(ours, "cess", sealed, withCipher)).equals(secret)).to.equal(true);
    const Range = `bytes=${SEGMENT - 40}-${SEGMENT - 1}`;
    const part = await read(ours, "cess", sealed, { ...withCipher, Range });
    expect(part.equals(secret.subarray(SEGMENT - 40, SEGMENT))).to.equal(true);
    const refusal = await read(ours, "cess", sealed, { ...withCipher, SSECustomerKey: "another" }).catch(
      (error: unknown) => error as Error,
    );
    expect((refusal as Error).name).to.equal("AccessDenied");
  });

  it("makes it an object of its own, for which no node gets a byte", async () => {
    const before = await bytesOfNodes();
    const copied = await copy("photo.jpg", fid);
    expect(copied.CopyObjectResult?.ETag).to.equal(`"${fid}"`);
    expect(await untilStored(ours, "ours", "photo.jpg")).to.include({ fid, state: "stored" });
    expect((await read(ours, "ours", "photo.jpg")).equals(content)).to.equal(true);
    const opened = {
      CopySourceSSECustomerAlgorithm: "cess-cbc",
      CopySourceSSECustomerKey: CIPHER,
    };
    await copy("overview.pdf", sealed, opened);
    expect((await read(ours, "ours", "overview.pdf")).equals(secret)).to.equal(true);
    expect(await bytesOfNodes()).to.equal(before);
    const [alice, bob] = network.users.map(({ cessAccount }) => cessAccount);
    await untilOwners(fid, [alice, bob]);
    await untilHeld(ours, [fid, sealed]);
  });

  it("declares nothing for a second copy, and keeps the ownership while one is left", async () => {
    const ordered = await second.metric("cess_s3_deals_ordered_total");
    await copy("again.jpg", fid);
    expect(await second.metric("cess_s3_deals_ordered_total")).to.equal(ordered);
    await ours.send(new DeleteObjectCommand({ Bucket: "ours", Key: "photo.jpg" }));
    expect((await read(ours, "ours", "again.jpg")).equals(content)).to.equal(true);
  });

  it("gives the ownership back with the last object, and the file stays its first owner's", async () => {
    await ours.send(new DeleteObjectCommand({ Bucket: "ours", Key: "again.jpg" }));
    await untilOwners(fid, [network.users[0]!.cessAccount]);
    expect((await read(theirs, "plain", "photo.jpg")).equals(content)).to.equal(true);
  });

  it("is killed while its declaration is on the way: the repeated request goes on, and the owner is listed once", async () => {
    const ordered = await second.metric("cess_s3_deals_ordered_total");
    const failed = copy("photo.jpg", fid).then(
      () => false,
      () => true,
    );
    await eventually("it is declared", async () =>
      (await second.metric("cess_s3_deals_ordered_total")) > ordered ? true : undefined,
    );
    await second.end("SIGKILL");
    expect(await failed, "it was killed before the answer").to.equal(true);
    await startSecond();
    await copy("photo.jpg", fid);
    expect((await read(ours, "ours", "photo.jpg")).equals(content)).to.equal(true);
    await untilOwners(
      fid,
      network.users.map(({ cessAccount }) => cessAccount),
    );
  });
});

import { createHash, randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { z } from "zod";
import { journalSchema } from "../../src/cli/admin-answers.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { cessS3, Command } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { headWithHeaders } from "../support/object-state.js";

const MIB = 2 ** 20;
const NODES = 12;
/** Their answers are down while the catalog is rebuilt, and afterwards. */
const DOWN = 8;
/** Headers that are of the answer, or of how the nodes are at the moment. */
const PASSING = /^(?:date|connection|keep-alive|x-amz-request-id|x-amz-id-2|x-cess-redundancy|x-cess-paid-until)$/;

const reportSchema = z.object({
  journals: z.array(z.number()),
  files: z.number(),
  lost: z.array(z.object({ bucket: z.string(), key: z.string(), versionId: z.string() })),
  missing: z.array(z.unknown()),
  unchecked: z.array(z.unknown()),
  unknown: z.array(z.object({ fid: z.string() })),
});
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("A gateway whose disk is lost", function () {
  this.timeout(600_000);
  let folder: string;
  let network: DevNetwork;
  let config: string;
  let gateway: GatewayProcess;
  let client: S3Client;
  /** What there was before. */
  let before_: Awaited<ReturnType<typeof everything>>;
  const data = () => join(folder, "data");

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-rebuild-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: NODES, blockMs: 200, spec: 133 });
    config = join(folder, "cess-s3.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        dataDir: data(),
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
        accounts: network.users,
        allowPrivateNodes: true,
        encryption: { default: "none" },
        packing: { maxAgeSeconds: 2 },
        journal: { maxAgeSeconds: 3600 },
        logLevel: "warn",
      }),
    );
    await start();
  });
  after(async () => {
    client.destroy();
    await gateway.end();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    client = gateway.client();
  }
  const put = (Bucket: string, Key: string, Body: Buffer, more: Partial<PutObjectCommandInput> = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const journal = async () => journalSchema.parse(await (await fetch(`${gateway.admin}/journal`)).json());

  /** HEAD with all headers but those that pass. */
  async function head(Bucket: string, Key: string, VersionId: string | undefined): Promise<Record<string, string>> {
    const input = { Bucket, Key, ...(VersionId !== undefined && { VersionId }) };
    const { headers } = await headWithHeaders(client, input);
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !PASSING.test(name)));
  }

  /** What a client may see of all buckets but one. */
  async function everything(but: string) {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    const buckets = [];
    for (const { Name: Bucket = "", CreationDate } of Buckets) {
      if (Bucket === but) continue;
      const of = { Bucket };
      const document = (answer: Promise<object>) =>
        answer.then(
          (found) => ({ ...found, $metadata: undefined }),
          (error: unknown) => (error as Error).name,
        );
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand(of));
      const { Contents = [] } = await client.send(new ListObjectsV2Command(of));
      const objects = [];
      for (const { Key = "", VersionId } of Versions) {
        const at = { ...of, Key, ...(VersionId !== undefined && { VersionId }) };
        const { Body } = await client.send(new GetObjectCommand(at));
        const { TagSet } = await client.send(new GetObjectTaggingCommand(at));
        const bytes = Buffer.concat((await (Body as Readable).toArray()) as Buffer[]);
        objects.push({ ...at, headers: await head(Bucket, Key, VersionId), TagSet, sha256: sha256(bytes) });
      }
      buckets.push({
        Bucket,
        CreationDate,
        Contents,
        Versions,
        DeleteMarkers,
        objects,
        documents: [
          await document(client.send(new GetBucketPolicyCommand(of))),
          await document(client.send(new GetBucketCorsCommand(of))),
          await document(client.send(new GetBucketTaggingCommand(of))),
          await document(client.send(new GetBucketLifecycleConfigurationCommand(of))),
          await document(client.send(new GetBucketVersioningCommand(of))),
          await document(client.send(new GetObjectLockConfigurationCommand(of))),
        ],
      });
    }
    return buckets;
  }

  async function multipart(Bucket: string, Key: string, parts: readonly Buffer[]): Promise<void> {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { m: "parts" } }));
    const done = [];
    for (const [n, Body] of parts.entries()) {
      const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: n + 1, Body }));
      done.push({ PartNumber: n + 1, ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: done } }));
  }

  function allStored(): Promise<true> {
    return eventually(
      "all objects are stored",
      async () => {
        const status = z.object({ objects: z.record(z.string(), z.number()) });
        const { objects } = status.parse(await (await fetch(`${gateway.admin}/status`)).json());
        return Object.entries(objects).every(([state, count]) => state === "stored" || count === 0) ? true : undefined;
      },
      240_000,
    );
  }

  /** Writes what has changed into journals until nothing is left. */
  async function flushed(): Promise<void> {
    await eventually(
      "all changes are in journals on CESS",
      async () => {
        const { changedSince, pending } = await journal();
        if (changedSince === undefined && pending === 0) return true;
        await fetch(`${gateway.admin}/journal/flush`, { method: "POST" });
        return undefined;
      },
      120_000,
    );
  }

  async function fill(): Promise<void> {
    await client.send(new CreateBucketCommand({ Bucket: "plain" }));
    await client.send(new CreateBucketCommand({ Bucket: "versions" }));
    await client.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
    await client.send(new CreateBucketCommand({ Bucket: "empty" }));
    await client.send(new CreateBucketCommand({ Bucket: "late" }));
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::plain/no*" }],
    };
    await client.send(new PutBucketPolicyCommand({ Bucket: "plain", Policy: JSON.stringify(policy) }));
    const CORSRules = [{ AllowedMethods: ["GET"], AllowedOrigins: ["https://example.com"] }];
    await client.send(new PutBucketCorsCommand({ Bucket: "plain", CORSConfiguration: { CORSRules } }));
    await client.send(
      new PutBucketTaggingCommand({ Bucket: "plain", Tagging: { TagSet: [{ Key: "team", Value: "ü" }] } }),
    );
    const Rules = [{ ID: "old", Status: "Enabled" as const, Filter: { Prefix: "tmp/" }, Expiration: { Days: 3000 } }];
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: "plain", LifecycleConfiguration: { Rules } }),
    );
    await client.send(
      new PutBucketVersioningCommand({ Bucket: "versions", VersioningConfiguration: { Status: "Enabled" } }),
    );
    const rule = { DefaultRetention: { Mode: "GOVERNANCE" as const, Days: 1 } };
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: "locked",
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: rule },
      }),
    );
    for (let n = 0; n < 200; n++)
      await put("plain", `dir${n % 7}/ü ${n}`, randomBytes(100 + n * 50), {
        Metadata: { n: String(n) },
        ...(n % 3 === 0 && { Tagging: `n=${n}` }),
        ...(n % 5 === 1 && { ServerSideEncryption: "AES256" }),
        ...(n % 5 === 2 && { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "aws/s3" }),
      });
    await put("plain", "nothing", Buffer.alloc(0));
    for (let n = 0; n < 60; n++) await put("versions", `key ${n % 15}`, randomBytes(1000 + n));
    for (let n = 0; n < 5; n++) await client.send(new DeleteObjectCommand({ Bucket: "versions", Key: `key ${n}` }));
    for (let n = 0; n < 20; n++) await put("locked", `kept ${n}`, randomBytes(500));
    await put("locked", "held", randomBytes(500), { ObjectLockLegalHoldStatus: "ON" });
    await put("plain", "own", randomBytes(9 * MIB));
    await put("plain", "own sealed", randomBytes(9 * MIB), { ServerSideEncryption: "AES256" });
    await put("plain", "two segments", randomBytes(33 * MIB), {
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "aws/s3",
    });
    await multipart("plain", "in parts", [randomBytes(6 * MIB), randomBytes(3 * MIB)]);
    for (let n = 0; n < 20; n++)
      await client.send(new DeleteObjectCommand({ Bucket: "plain", Key: `dir${n % 7}/ü ${n}` }));
  }

  it("has had all of it in journals on CESS", async () => {
    await fill();
    // A first one on the way, so that journals follow the snapshot.
    await fetch(`${gateway.admin}/journal/flush`, { method: "POST" });
    await allStored();
    await flushed();
    // A snapshot may just have taken the place of all others.
    for (let n = 0; (await journal()).journals.length < 2; n++) {
      await put("plain", "again", randomBytes(100 + n));
      await allStored();
      await flushed();
    }
    before_ = await everything("late");
    expect(before_.flatMap(({ objects }) => objects)).to.have.length.above(240);
    for (const { objects } of before_)
      for (const { Key, headers } of objects) expect(headers["x-cess-recoverable"], Key).to.equal("yes");
    const { journals } = await journal();
    expect(journals[0]?.snapshot).to.equal(true);
    expect(journals.length, "a snapshot and what followed").to.be.above(1);
    const ready = z.object({ unjournaledSeconds: z.number() });
    expect(ready.parse(await (await fetch(`${gateway.admin}/health/ready`)).json()).unjournaledSeconds).to.equal(0);
  });

  it("loses what was only there: an object that no journal has, and one that was not stored", async () => {
    await put("late", "young", randomBytes(1000));
    expect((await head("late", "young", undefined))["x-cess-recoverable"]).to.equal("pending");
    // The journal is read before the object is packed.
    const { journals } = await journal();
    await fetch(`${gateway.admin}/journal/flush`, { method: "POST" });
    await eventually("a journal with it is stored", async () => {
      const last = (await journal()).journals.at(-1)!;
      return last.number > journals.at(-1)!.number && last.state === "stored";
    });
    await put("late", "younger", randomBytes(1000));
    client.destroy();
    await gateway.end("SIGKILL");
    const keys = join(folder, "keys.json");
    // The disk is not lost for ever: it comes back in the end.
    renameSync(data(), join(folder, "old"));
    cpSync(join(folder, "old", "keys.json"), keys);
    mkdirSync(data());
    const without = await cessS3(["rebuild", "--config", config]);
    expect(without.code, "without the keys").to.equal(1);
    expect(without.stderr).to.contain("there is no key file");
    renameSync(keys, join(data(), "keys.json"));
  });

  it("is made again with 8 of 12 nodes down", async () => {
    for (let n = 1; n <= DOWN; n++) expect(network.setFault(n, "down")).to.equal(true);
    const { code, stdout, stderr } = await cessS3(["rebuild", "--config", config, "--json"]);
    expect(code, stderr).to.equal(0);
    const report = reportSchema.parse(JSON.parse(stdout));
    expect(report.lost.map(({ bucket, key }) => `${bucket}/${key}`)).to.deep.equal(["late/young"]);
    expect([report.missing, report.unchecked]).to.deep.equal([[], []]);
    expect(readdirSync(data())).to.include.members(["catalog.sqlite", "catalog-mark.json", "keys.json"]);
    const again = await cessS3(["rebuild", "--config", config]);
    expect(again.code).to.equal(1);
    expect(again.stderr).to.contain("there is a catalog already");
  });

  it("has every listing, every HEAD and every byte as before", async () => {
    await start();
    const after_ = await everything("late");
    expect(after_.map(({ Bucket }) => Bucket)).to.deep.equal(before_.map(({ Bucket }) => Bucket));
    for (const [at, bucket] of before_.entries()) {
      const { objects, ...rest } = bucket;
      const { objects: found, ...others } = after_[at]!;
      expect(others).to.deep.equal(rest);
      expect(found).to.have.length(objects.length);
      for (const [n, object] of objects.entries()) expect(found[n], object.Key).to.deep.equal(object);
    }
  });

  it("tells of the object that is lost, takes it again, and goes on with the journal", async () => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "late" }));
    expect(Contents.map(({ Key }) => Key)).to.deep.equal(["young"]);
    expect((await head("late", "young", undefined))["x-cess-state"]).to.equal("damaged");
    const refused = await client.send(new GetObjectCommand({ Bucket: "late", Key: "young" })).then(
      () => "given",
      (error: unknown) => (error as Error).name,
    );
    expect(refused).to.equal("ObjectUnavailable");
    for (let n = 1; n <= DOWN; n++) network.setFault(n, "none");
    const { stream, journals } = await journal();
    await put("late", "young", randomBytes(1000));
    await eventually(
      "it is on CESS, with a journal that has it",
      async () => {
        await flushed();
        return (await head("late", "young", undefined))["x-cess-recoverable"] === "yes";
      },
      240_000,
    );
    const now = await journal();
    expect(now.stream).to.equal(stream);
    expect(now.journals.at(-1)!.number).to.be.above(journals.at(-1)!.number);
  });

  it("coming back, finds that another one goes on, and ends", async () => {
    const old = join(folder, "old.yaml");
    const settings = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(config, "utf8")));
    writeFileSync(old, JSON.stringify({ ...settings, dataDir: join(folder, "old") }));
    const { code, output } = await Command.start(["serve", "--config", old], {
      CESS_S3_LISTEN: "127.0.0.1:0",
      CESS_S3_ADMIN_LISTEN: "127.0.0.1:0",
    }).end();
    expect(output).to.contain("another gateway was made from this one's journals");
    expect(code, output).to.equal(1);
    expect(output, "it takes no request").to.not.contain("S3 endpoint");
    expect((await head("late", "young", undefined))["x-cess-state"]).to.equal("stored");
  });
});

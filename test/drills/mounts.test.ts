import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { z } from "zod";
import { journalSchema } from "../../src/cli/admin-answers.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import type { Fid } from "../../src/model/hash.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { cessS3, Command } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { headWithHeaders } from "../support/object-state.js";

const MIB = 2 ** 20;
/** Headers that are of the answer, or that only the gateway that writes the bucket can tell. */
const PASSING =
  /^(?:date|connection|keep-alive|x-amz-request-id|x-amz-id-2|x-cess-redundancy|x-cess-paid-until|x-cess-recoverable)$/;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("Buckets of another gateway", function () {
  this.timeout(600_000);
  let folder: string;
  let network: DevNetwork;
  let writer: GatewayProcess;
  let reader: GatewayProcess;
  let a: S3Client;
  let b: S3Client;

  function configure(name: string, more: object): string {
    const path = join(folder, `${name}.yaml`);
    mkdirSync(join(folder, name), { recursive: true });
    const settings = {
      dataDir: join(folder, name),
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
      accounts: network.users,
      allowPrivateNodes: true,
      encryption: { default: "none" },
      packing: { maxAgeSeconds: 2 },
      logLevel: "warn",
      ...more,
    };
    writeFileSync(path, JSON.stringify(settings));
    return path;
  }
  const start = (config: string) => GatewayProcess.start(["serve", "--config", config], {});
  const journal = () => ({ maxAgeSeconds: 3600, account: network.users[0]!.name });
  const mount = () => ({ account: network.users[0]!.cessAccount, mode: "read", refreshSeconds: 1 });
  const put = (Bucket: string, Key: string, Body: Buffer, more: Partial<PutObjectCommandInput> = {}) =>
    a.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const journalOf = async ({ admin }: GatewayProcess) =>
    journalSchema.parse(await (await fetch(`${admin}/journal`)).json());

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-mounts-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 12, blockMs: 200, spec: 133 });
    writer = await start(configure("writer", { journal: journal() }));
    a = writer.client();
  });
  after(async () => {
    for (const client of [a, b]) client.destroy();
    for (const gateway of [writer, reader]) await gateway.end();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Everything that a client may see of the buckets. */
  async function everything(client: S3Client) {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    const buckets = [];
    for (const { Name: Bucket = "", CreationDate } of Buckets) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const objects = [];
      for (const { Key = "", VersionId } of Versions) {
        const at = { Bucket, Key, ...(VersionId !== undefined && { VersionId }) };
        const { Body } = await client.send(new GetObjectCommand(at));
        const { TagSet } = await client.send(new GetObjectTaggingCommand(at));
        const { headers } = await headWithHeaders(client, at);
        const bytes = Buffer.concat((await (Body as Readable).toArray()) as Buffer[]);
        const shown = Object.fromEntries(Object.entries(headers).filter(([name]) => !PASSING.test(name)));
        objects.push({ ...at, TagSet, headers: shown, sha256: sha256(bytes) });
      }
      const tagging = await client.send(new GetBucketTaggingCommand({ Bucket })).then(
        ({ TagSet }) => TagSet,
        (error: unknown) => (error as Error).name,
      );
      buckets.push({ Bucket, CreationDate, Versions, DeleteMarkers, objects, tagging });
    }
    return buckets;
  }

  /** One after the other, so that a difference shows. */
  function expectSame(
    found: Awaited<ReturnType<typeof everything>>,
    wanted: Awaited<ReturnType<typeof everything>>,
  ): void {
    expect(found.map(({ Bucket }) => Bucket)).to.deep.equal(wanted.map(({ Bucket }) => Bucket));
    for (const [at, { objects, ...rest }] of wanted.entries()) {
      const { objects: others, ...bucket } = found[at]!;
      expect(bucket).to.deep.equal(rest);
      expect(others).to.have.length(objects.length);
      for (const [n, object] of objects.entries()) expect(others[n], object.Key).to.deep.equal(object);
    }
  }

  /** All that changed is on CESS, with journals that tell of it. */
  async function flushed(): Promise<void> {
    await eventually(
      "all objects are stored, and all changes are in journals on CESS",
      async () => {
        const status = z.object({ objects: z.record(z.string(), z.number()) });
        const { objects } = status.parse(await (await fetch(`${writer.admin}/status`)).json());
        if (!Object.entries(objects).every(([state, count]) => state === "stored" || count === 0)) return undefined;
        const { changedSince, pending } = await journalOf(writer);
        if (changedSince === undefined && pending === 0) return true;
        await fetch(`${writer.admin}/journal/flush`, { method: "POST" });
        return undefined;
      },
      240_000,
    );
  }

  const keyFile = z.object({ master: z.union([z.string(), z.array(z.string())]), kms: z.unknown() });
  const readerKey = randomBytes(32).toString("base64");
  /** The reader's key file: its own master key and the writer's, in this order. */
  function writeKeys(order: (own: readonly string[], writer: readonly string[]) => readonly string[]): void {
    const { master, kms } = keyFile.parse(JSON.parse(readFileSync(join(folder, "writer", "keys.json"), "utf8")));
    const keys = { master: order([readerKey], [master].flat()), kms };
    writeFileSync(join(folder, "reader", "keys.json"), JSON.stringify(keys), { mode: 0o600 });
  }

  /** The reader has what the writer's newest journal has. */
  const followed = () =>
    eventually(
      "the mount has the newest journal",
      async () => {
        const newest = (await journalOf(writer)).journals.at(-1)?.number;
        return (await journalOf(reader)).mounts[0]?.number === newest ? true : undefined;
      },
      60_000,
    );

  const refused = (answer: Promise<unknown>) =>
    answer.then(
      () => ({ name: "given", message: "" }),
      (error: unknown) => error as Error,
    );

  it("are on CESS", async () => {
    await a.send(new CreateBucketCommand({ Bucket: "plain" }));
    await a.send(new CreateBucketCommand({ Bucket: "versions" }));
    await a.send(
      new PutBucketVersioningCommand({ Bucket: "versions", VersioningConfiguration: { Status: "Enabled" } }),
    );
    await a.send(new PutBucketTaggingCommand({ Bucket: "plain", Tagging: { TagSet: [{ Key: "t", Value: "ü" }] } }));
    for (let n = 0; n < 20; n++)
      await put("plain", `dir${n % 3}/ü ${n}`, randomBytes(100 + n * 50), {
        Metadata: { n: String(n) },
        ...(n % 3 === 0 && { Tagging: `n=${n}` }),
        ...(n % 5 === 1 && { ServerSideEncryption: "AES256" }),
        ...(n % 5 === 2 && { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "aws/s3" }),
      });
    for (let n = 0; n < 6; n++) await put("versions", `key ${n % 3}`, randomBytes(1000 + n));
    await a.send(new DeleteObjectCommand({ Bucket: "versions", Key: "key 0" }));
    await put("plain", "own", randomBytes(9 * MIB), { ServerSideEncryption: "AES256" });
    await flushed();
  });

  it("are not to be seen without the master key, and the operator is told", async () => {
    const without = await start(configure("without", { mounts: [mount()] }));
    const client = without.client();
    try {
      await eventually("a warning of the mount", async () => {
        const { warnings } = z
          .object({ warnings: z.array(z.object({ check: z.string(), reason: z.string() })) })
          .parse(await (await fetch(`${without.admin}/health/ready`)).json());
        return warnings.find(({ check, reason }) => check === "mounts" && reason.includes("master key"));
      });
      expect((await client.send(new ListBucketsCommand({}))).Buckets ?? []).to.deep.equal([]);
      const answer = await refused(client.send(new GetObjectCommand({ Bucket: "plain", Key: "own" })));
      expect(answer.name).to.equal("NoSuchBucket");
      await without.says("none is a journal that the keys open");
    } finally {
      client.destroy();
      await without.end();
    }
  });

  it("are read byte for byte by a gateway of several processes that has the key behind its own", async () => {
    const config = configure("reader", { mounts: [mount()], journal: journal(), workers: 2 });
    writeKeys((own, other) => [...own, ...other]);
    reader = await start(config);
    b = reader.client();
    await followed();
    const [wanted, found] = [await everything(a), await everything(b)];
    expect(wanted.flatMap(({ objects }) => objects)).to.have.length(27);
    expectSame(found, wanted);
  });

  it("are refused every change", async () => {
    for (const change of [
      b.send(new PutObjectCommand({ Bucket: "plain", Key: "x", Body: "x" })),
      b.send(new DeleteObjectCommand({ Bucket: "plain", Key: "own" })),
      b.send(new PutBucketTaggingCommand({ Bucket: "plain", Tagging: { TagSet: [] } })),
    ]) {
      const answer = await refused(change);
      expect(answer.name).to.equal("AccessDenied");
      expect(answer.message).to.contain(`mounted for reading from ${mount().account}`);
    }
    const answer = await refused(b.send(new CreateBucketCommand({ Bucket: "plain" })));
    expect(answer.name).to.equal("BucketAlreadyExists");
  });

  it("are as they were changed, when a journal tells of it", async () => {
    await put("plain", "later", randomBytes(1000), { ServerSideEncryption: "AES256" });
    await a.send(new DeleteObjectCommand({ Bucket: "plain", Key: "own" }));
    await a.send(new CreateBucketCommand({ Bucket: "another" }));
    await flushed();
    await followed();
    const [wanted, found] = [await everything(a), await everything(b)];
    expect(wanted.map(({ Bucket }) => Bucket)).to.deep.equal(["another", "plain", "versions"]);
    expectSame(found, wanted);
    const text = await (await fetch(`${reader.admin}/metrics`)).text();
    expect(text).to.match(/cess_s3_mount_journal_age_seconds\{mount="c\w+"\} \d/);
    expect(text).to.match(/cess_s3_mount_failing\{mount="c\w+"\} 0/);
  });

  it("become its own, when the other one is gone: with one command, which refuses what it cannot do", async () => {
    // It has a journal of its own, of what nobody has put there.
    await fetch(`${reader.admin}/journal/flush`, { method: "POST" });
    const [own] = await eventually(
      "a journal of its own is on CESS",
      async () => {
        const { journals } = await journalOf(reader);
        return journals[0]?.state === "stored" ? journals : undefined;
      },
      60_000,
    );
    const wanted = await everything(a);
    const { stream } = await journalOf(writer);
    await writer.end("SIGKILL");
    const config = join(folder, "reader.yaml");
    const running = await cessS3(["take-over", "--config", config]);
    expect(running.code, "while it runs").to.equal(1);
    await reader.end();
    const wrong = configure("reader", { mounts: [mount()], journal: { account: network.users[1]!.name } });
    expect((await cessS3(["take-over", "--config", wrong])).stderr).to.contain("who has the other gateway's journals");
    configure("reader", { mounts: [mount()], journal: journal() });
    expect((await cessS3(["take-over", "--config", config])).stderr).to.contain("master key first");
    writeKeys((own, other) => [...other, ...own]);
    const { code, stdout, stderr } = await cessS3(["take-over", "--config", config, "--json"]);
    expect(code, stderr).to.equal(0);
    expect(z.object({ stream: z.string(), lost: z.array(z.unknown()) }).parse(JSON.parse(stdout))).to.deep.include({
      stream,
      lost: [],
    });
    const again = await cessS3(["take-over", "--config", config]);
    expect(again.code).to.equal(1);
    expect(again.stderr).to.contain("If it was taken over already, remove it from mounts");
    reader = await start(configure("reader", { journal: journal() }));
    b.destroy();
    b = reader.client();
    expectSame(await everything(b), wanted);
    const session = new ChainSession({ endpoints: [network.chainEndpoint] });
    await session.ready();
    await eventually(
      "its own journal is gone from the chain",
      async () => ((await session.reader.file(own!.fid as Fid, "finalized")) ? undefined : true),
      60_000,
    );
    await session.close();
  });

  it("are written by it from now on, and the other one, coming back, notices and ends", async () => {
    await b.send(new PutObjectCommand({ Bucket: "plain", Key: "of the second", Body: randomBytes(1000) }));
    await b.send(new DeleteObjectCommand({ Bucket: "plain", Key: "later" }));
    await eventually(
      "a journal tells of it",
      async () => {
        await fetch(`${reader.admin}/journal/flush`, { method: "POST" });
        const { headers } = await headWithHeaders(b, { Bucket: "plain", Key: "of the second" });
        return headers["x-cess-recoverable"] === "yes" ? true : undefined;
      },
      120_000,
    );
    const { code, output } = await Command.start(["serve", "--config", join(folder, "writer.yaml")], {
      CESS_S3_LISTEN: "127.0.0.1:0",
      CESS_S3_ADMIN_LISTEN: "127.0.0.1:0",
    }).end();
    expect(output, output).to.contain("another gateway was made from this one's journals");
    expect(code).to.equal(1);
    const { Body } = await b.send(new GetObjectCommand({ Bucket: "plain", Key: "of the second" }));
    expect(Buffer.concat((await (Body as Readable).toArray()) as Buffer[])).to.have.length(1000);
  });
});

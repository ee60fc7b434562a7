import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
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
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { MIB } from "../../src/model/sizes.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { headWithHeaders } from "../support/object-state.js";
import { PostgresServer } from "../support/postgres-server.js";

const BLOCK_MS = 200;
/** Of a HEAD, what must be the same. */
const KEPT = ["etag", "content-length", "last-modified", "x-amz-meta-n", "x-amz-tagging-count", "x-cess-fid"];
const reportSchema = z.object({ files: z.number(), lost: z.array(z.unknown()), missing: z.array(z.unknown()) });

describe("A gateway whose disk and database are lost", function () {
  this.timeout(240_000);
  let folder: string;
  let network: DevNetworkThread;
  let postgres: PostgresServer;
  let gateway: GatewayProcess | undefined;
  let client: S3Client;
  let before_: Awaited<ReturnType<typeof everything>>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-rebuilt-catalog-"));
    network = await DevNetworkThread.start({
      folder: join(folder, "network"),
      nodes: 14,
      blockMs: BLOCK_MS,
      spec: 133,
    });
    postgres = await PostgresServer.start();
  });
  after(async () => {
    client.destroy();
    await gateway?.end();
    await postgres.remove();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A configuration of a machine with an empty disk, over an empty database. */
  function machine(name: string): string {
    const dataDir = join(folder, name);
    mkdirSync(join(dataDir, "staging"), { recursive: true, mode: 0o700 });
    const config = join(folder, `${name}.yaml`);
    writeFileSync(
      config,
      JSON.stringify({
        dataDir,
        gateway: { id: name },
        catalog: { url: postgres.createDatabase(name) },
        staging: { url: `file://${join(dataDir, "staging")}` },
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
        accounts: network.users,
        encryption: { default: "AES256", keyFile: join(folder, "keys.json") },
        allowPrivateNodes: true,
        packing: { maxAgeSeconds: 2 },
        journal: { maxAgeSeconds: 3600 },
        shutdown: { delaySeconds: 0, drainSeconds: 5 },
        logLevel: "warn",
      }),
    );
    return config;
  }
  async function serve(config: string): Promise<void> {
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    const [user] = network.users;
    client = gateway.client(user?.accessKeyId, user?.secretAccessKey);
  }
  const put = (Bucket: string, Key: string, Body: Buffer, more: Partial<PutObjectCommandInput> = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const journal = async () => journalSchema.parse(await (await fetch(`${gateway!.admin}/journal`)).json());

  async function journaled(): Promise<void> {
    await eventually(
      "everything is on CESS, and in a journal",
      async () => {
        await fetch(`${gateway!.admin}/journal/flush`, { method: "POST" });
        const { changedSince, journals } = await journal();
        return (
          changedSince === undefined &&
          journals.length > 0 &&
          (await everything()).every(({ state }) => state === "yes")
        );
      },
      120_000,
    );
  }

  /** Every version of every object. */
  async function everything() {
    const found = [];
    for (const Bucket of ["plain", "versions"]) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      for (const { Key = "", VersionId, IsLatest } of Versions) {
        const at = { Bucket, Key, ...(VersionId !== undefined && { VersionId }) };
        const { headers } = await headWithHeaders(client, at);
        const kept = Object.fromEntries(KEPT.map((name) => [name, headers[name]]));
        found.push({ ...at, IsLatest, kept, state: headers["x-cess-recoverable"] });
      }
      for (const { Key = "", VersionId, IsLatest } of DeleteMarkers)
        found.push({ Bucket, Key, VersionId, IsLatest, kept: "a delete marker", state: "yes" });
    }
    return found;
  }

  /** Without what is said of the journal. */
  const without = (all: typeof before_) => all.map((each) => ({ ...each, state: undefined }));
  const bodies = new Map<string, Buffer>();
  async function fill(): Promise<void> {
    for (const Bucket of ["plain", "versions"]) await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(
      new PutBucketVersioningCommand({ Bucket: "versions", VersioningConfiguration: { Status: "Enabled" } }),
    );
    const TagSet = [{ Key: "team", Value: "ü" }];
    await client.send(new PutBucketTaggingCommand({ Bucket: "plain", Tagging: { TagSet } }));
    for (let n = 0; n < 40; n += 1) {
      const body = randomBytes(n === 0 ? 9 * MIB : 100 + 50 * n);
      bodies.set(`ü ${n}`, body);
      await put("plain", `ü ${n}`, body, { Metadata: { n: String(n) }, ...(n % 3 === 0 && { Tagging: `n=${n}` }) });
    }
    for (let n = 0; n < 12; n += 1) await put("versions", `key ${n % 4}`, randomBytes(100 + n));
    await client.send(new DeleteObjectCommand({ Bucket: "versions", Key: "key 1" }));
    for (let n = 30; n < 40; n += 1) {
      await client.send(new DeleteObjectCommand({ Bucket: "plain", Key: `ü ${n}` }));
      bodies.delete(`ü ${n}`);
    }
  }

  it("is made again in an empty PostgreSQL, with every version, header and byte", async () => {
    await serve(machine("lost"));
    await fill();
    await journaled();
    before_ = await everything();
    client.destroy();
    await gateway!.end("SIGKILL");
    rmSync(join(folder, "lost"), { recursive: true });
    postgres.query("postgres", "drop database lost with (force)");
    const config = machine("made-again");
    const { code, stdout, stderr } = await cessS3(["rebuild", "--config", config, "--json"]);
    expect(code, stderr).to.equal(0);
    const report = reportSchema.parse(JSON.parse(stdout));
    expect([report.lost, report.missing]).to.deep.equal([[], []]);
    expect(report.files).to.be.above(1);
    await serve(config);
    expect(without(await everything())).to.deep.equal(without(before_));
    for (const [Key, body] of bodies) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: "plain", Key }));
      expect(Buffer.from(await Body!.transformToByteArray()).equals(body), Key).to.equal(true);
    }
  });

  it("goes on: it gives ids that are free, deletes what it has, and keeps the journal", async () => {
    const { stream, journals } = await journal();
    for (let n = 0; n < 10; n += 1) await put("plain", `new ${n}`, randomBytes(1000));
    for (let n = 0; n < 10; n += 1) await client.send(new DeleteObjectCommand({ Bucket: "plain", Key: `ü ${n}` }));
    await journaled();
    const now = await journal();
    expect(now.stream).to.equal(stream);
    expect(now.journals.at(-1)!.number).to.be.above(journals.at(-1)!.number);
    const after_ = await everything();
    client.destroy();
    const config = machine("made-once-more");
    await gateway!.end("SIGKILL");
    const { code, stderr } = await cessS3(["rebuild", "--config", config]);
    expect(code, stderr).to.equal(0);
    await serve(config);
    expect(without(await everything())).to.deep.equal(without(after_));
  });
});

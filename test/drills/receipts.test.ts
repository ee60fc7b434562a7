import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import aws4 from "aws4";
import { expect } from "chai";
import { z } from "zod";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { deletionSchema, receiptSchema, type Receipt } from "../../src/receipts/document.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";

const MIB = 2 ** 20;
const BUCKET = "proofs";
const checksSchema = z.object({
  verified: z.boolean(),
  checks: z.array(z.object({ about: z.string(), result: z.string(), text: z.string() })),
});

describe("Receipts on the dev network, of a gateway of several processes", function () {
  this.timeout(300_000);
  const own = randomBytes(33 * MIB);
  const small = randomBytes(30_000);
  const parts = [randomBytes(5 * MIB), randomBytes(1_000)];
  const contents = new Map<string, Buffer>([
    ["own/ü.bin", own],
    ["small", small],
    ["multipart", Buffer.concat(parts)],
    ["sealed", small],
  ]);
  let folder: string;
  let network: DevNetwork;
  let gateway: GatewayProcess;
  let client: S3Client;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-receipts-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: 200, spec: 133 });
    const config = join(folder, "cess-s3.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        dataDir: join(folder, "data"),
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
        accounts: network.users,
        allowPrivateNodes: true,
        encryption: { default: "none" },
        packing: { maxAgeSeconds: 3 },
        logLevel: "warn",
        workers: 2,
      }),
    );
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const [key, bytes] of contents) writeFileSync(fileOf(key), bytes);
  });
  after(async () => {
    client.destroy();
    await gateway.end();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const fileOf = (name: string) => join(folder, encodeURIComponent(name));
  const put = (Key: string, Body: Buffer, more: object = {}) =>
    client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));

  async function putMultipart(Key: string): Promise<void> {
    const at = { Bucket: BUCKET, Key };
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "SHA256", ChecksumType: "COMPOSITE" }),
    );
    const done = [];
    for (const [n, Body] of parts.entries()) {
      const part = { ...at, UploadId, PartNumber: n + 1, Body, ChecksumAlgorithm: "SHA256" as const };
      const { ETag, ChecksumSHA256 } = await client.send(new UploadPartCommand(part));
      done.push({ PartNumber: n + 1, ETag, ChecksumSHA256 });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: done } }));
  }

  /** GET, signed by the first user, or by nobody. */
  async function get(path: string, unsigned = false): Promise<{ readonly status: number; readonly body: string }> {
    const { host } = new URL(gateway.endpoint);
    const [user] = network.users;
    const { headers } = unsigned
      ? { headers: {} }
      : aws4.sign({ service: "s3", region: "us-east-1", method: "GET", host, path }, user);
    const answer = await fetch(`${gateway.endpoint}${path}`, { headers: headers as Record<string, string> });
    return { status: answer.status, body: await answer.text() };
  }
  const receiptPath = (key: string) => `/${BUCKET}/${key.split("/").map(encodeURIComponent).join("/")}?x-cess-receipt`;

  /** What the gateway gives, saved as a file. */
  async function receiptFile(key: string): Promise<{ readonly path: string; readonly receipt: Receipt }> {
    const { status, body } = await get(receiptPath(key));
    expect(status, body).to.equal(200);
    const path = join(folder, `${encodeURIComponent(key)}.json`);
    writeFileSync(path, body);
    return { path, receipt: receiptSchema.parse(JSON.parse(body)) };
  }

  /** `cess-s3 verify`, and what it found in words. */
  async function verify(...args: readonly string[]) {
    const end = await cessS3(["verify", ...args, "--chain", network.chainEndpoint, "--json"]);
    expect(end.stderr, end.stdout).to.equal("");
    const { verified, checks } = checksSchema.parse(JSON.parse(end.stdout));
    expect(end.code).to.equal(verified ? 0 : 3);
    const of = (wanted: string) => checks.filter(({ result }) => result === wanted).map(({ text }) => text);
    return { verified, ok: of("ok").join("\n"), failed: of("failed").join("\n"), notes: of("note").join("\n") };
  }

  it("are refused before the object is stored, to those who may not read it, and of what there is not", async () => {
    await put("small", small);
    const early = await get(receiptPath("small"));
    expect(early.status).to.equal(403);
    expect(early.body).to.contain("<Code>InvalidObjectState</Code>").and.contain("not stored");
    const admin = await cessS3(["receipt", BUCKET, "small", "--admin", gateway.admin]);
    expect([admin.code, admin.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 1 && /not stored/.test(text),
    );
    expect((await get(receiptPath("small"), true)).status).to.equal(403);
    expect((await get(receiptPath("absent"))).body).to.contain("<Code>NoSuchKey</Code>");
    await put("empty", Buffer.alloc(0));
    expect((await get(receiptPath("empty"))).body)
      .to.contain("<Code>InvalidRequest</Code>")
      .and.contain("empty object");
    await put("own/ü.bin", own, { ChecksumAlgorithm: "CRC64NVME" });
    await put("sealed", small, { ServerSideEncryption: "AES256" });
    await putMultipart("multipart");
    for (const key of contents.keys()) await untilStored(client, BUCKET, key, 120_000);
  });

  it("are verified against the chain, with the object's bytes, and with those that the nodes give", async () => {
    const [user] = network.users;
    for (const [key, bytes] of contents) {
      const { path, receipt } = await receiptFile(key);
      const [file] = receipt.files;
      expect(receipt.object.size, key).to.equal(bytes.length);
      expect(file?.owner).to.equal(user?.cessAccount);
      expect(file?.declaredBlock, key)
        .to.be.a("number")
        .and.lessThan(file?.completedBlock ?? 0);
      const names = ["--bucket", BUCKET, "--key", key, "--signer", receipt.signer];
      const alone = await verify(path, ...names);
      expect(alone.failed, key).to.equal("");
      expect(alone.ok).to.match(/12 of 12|24 of 24/);
      expect(alone.ok).to.contain("acts for the owner");
      const all = await verify(path, fileOf(key), "--fetch", "--allow-private-nodes");
      expect(all.failed, key).to.equal("");
      expect(all.ok).to.match(/segments from the storage nodes have their hashes/);
      expect(all.ok).to.contain(`has ${bytes.length} bytes`);
      if (key === "sealed") expect(all.notes).to.contain("encrypted");
    }
    const { receipt } = await receiptFile("multipart");
    expect(receipt.object).to.deep.include({ parts: [5 * MIB, 1_000], etag: receipt.files[0]?.fid });
    expect(receipt.object.checksum).to.include({ algorithm: "SHA256", type: "COMPOSITE" });
  });

  it("are printed by cess-s3 receipt, as S3 gives them", async () => {
    const { receipt } = await receiptFile("own/ü.bin");
    const printed = await cessS3(["receipt", BUCKET, "own/ü.bin", "--admin", gateway.admin]);
    const { signer, network: chain, object, files } = receiptSchema.parse(JSON.parse(printed.stdout));
    expect(receipt).to.deep.include({ signer, network: chain, object, files });
    expect((await cessS3(["receipt", BUCKET, "absent", "--admin", gateway.admin])).code).to.equal(1);
  });

  it("are not verified when they were changed, are of another object, or do not fit the bytes", async () => {
    const { path, receipt } = await receiptFile("small");
    const forged = join(folder, "forged.json");
    writeFileSync(forged, JSON.stringify({ ...receipt, object: { ...receipt.object, versionId: "other" } }));
    expect((await verify(forged)).failed).to.contain("the document was changed");
    expect((await verify(path, "--key", "other")).failed).to.contain("not of other");
    expect((await verify(path, fileOf("multipart"))).failed).to.contain("bytes, and the receipt 30000");
    const [user] = network.users;
    expect((await verify(path, "--signer", user?.cessAccount ?? "")).failed).to.contain("is not");
    writeFileSync(forged, "{}");
    const hostile = await cessS3(["verify", forged, "--chain", network.chainEndpoint]);
    expect([hostile.code, hostile.stderr.includes("no receipt")]).to.deep.equal([1, true]);
    const away = await cessS3(["verify", path, "--chain", "http://127.0.0.1:9"]);
    expect([away.code, away.stderr.includes("ws://")]).to.deep.equal([1, true]);
  });

  it("are verified by the bytes of any 4 nodes, and not by those of 3", async () => {
    const { path, receipt } = await receiptFile("own/ü.bin");
    const nodes = await network.nodes();
    const keepers = (receipt.files[0]?.segments[0]?.nodes ?? []).map(
      (account) => nodes.find((node) => node.account === account)?.n ?? -1,
    );
    for (const n of keepers.slice(0, 8)) network.setFault(n, "down");
    expect((await verify(path, "--fetch", "--allow-private-nodes")).failed).to.equal("");
    network.setFault(keepers[8] ?? -1, "down");
    expect((await verify(path, "--fetch", "--allow-private-nodes")).failed).to.contain("cannot be had");
    for (const n of keepers) network.setFault(n, "none");
  });

  it("are certificates, when a file was deleted for its owner", async () => {
    const { path, receipt } = await receiptFile("own/ü.bin");
    const { fid = "", owner } = receipt.files[0] ?? {};
    const ask = () => cessS3(["receipt", "--deleted", fid, "--admin", gateway.admin]);
    expect((await ask()).stderr).to.contain("has not deleted this file");
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "own/ü.bin" }));
    const { stdout } = await eventually("it is deleted on the chain", async () => {
      const end = await ask();
      return end.code === 0 ? end : undefined;
    });
    const certificate = deletionSchema.parse(JSON.parse(stdout));
    expect(certificate).to.include({ fid, owner });
    expect(certificate.deletedBlock).to.be.a("number").and.at.most(certificate.observed.block);
    const saved = join(folder, "deletion.json");
    writeFileSync(saved, stdout);
    const now = await verify(saved);
    expect(now.failed).to.equal("");
    expect(now.ok).to.contain("not listed for");
    expect((await verify(path)).failed).to.contain("lists no such file");
    const wrong = await cessS3(["verify", saved, "--fetch", "--chain", network.chainEndpoint]);
    expect([wrong.code, wrong.stderr.includes("certificate of deletion")]).to.deep.equal([1, true]);
  });
});

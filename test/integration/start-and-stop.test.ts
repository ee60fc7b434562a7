import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { GatewayProcess } from "../support/gateway-process.js";
import { processorMsOf } from "../support/processor-time.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");

/** Runs the command to its end, which must be a failure. */
function fails(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: { ...process.env, ...environment }, timeout: 20_000 },
      (error, _stdout, stderr) => {
        if (error) resolve({ code: error.code, stderr });
        else reject(new Error("the command succeeded"));
      },
    );
  });
}

describe("the cess-s3 command", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-start-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("prints how to use the dev network, ends on SIGTERM within 10 s and finds everything again", async () => {
    const environment = { CESS_S3_DATA_DIR: join(folder, "data") };
    const started = Date.now();
    const first = await GatewayProcess.start(["dev"], environment);
    // On a busy machine it takes longer, and that is no fault of its own: then what it has worked counts.
    const worked = process.platform === "linux" ? processorMsOf(first.pid) : Infinity;
    expect(Math.min(Date.now() - started, worked), "ready within 10 s").to.be.lessThan(10_000);
    for (const text of [first.endpoint, "us-east-1", "cessdev", "cessdevsecret", "aws "]) await first.says(text);
    const client = first.client();
    await client.send(new CreateBucketCommand({ Bucket: "kept" }));
    await client.send(new PutObjectCommand({ Bucket: "kept", Key: "k", Body: "still here" }));
    const stopping = Date.now();
    expect(await first.end("SIGTERM")).to.equal(0);
    expect(Date.now() - stopping).to.be.lessThan(10_000);

    const second = await GatewayProcess.start(["dev"], { ...environment, CESS_S3_ETAG_MULTIPART: "md5-parts" });
    const { Buckets } = await second.client().send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).to.deep.equal(["kept"]);
    expect(
      await (await second.client().send(new GetObjectCommand({ Bucket: "kept", Key: "k" }))).Body?.transformToString(),
    ).to.equal("still here");
    const at = { Bucket: "kept", Key: "parts" };
    const { UploadId } = await second.client().send(new CreateMultipartUploadCommand(at));
    const { ETag } = await second
      .client()
      .send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "one part" }));
    const completed = await second
      .client()
      .send(
        new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
      );
    expect(completed.ETag, "as etag.multipart says").to.match(/^"[0-9a-f]{32}-1"$/);
    expect(await second.end("SIGINT")).to.equal(0);
  });

  it("says which setting is wrong and ends with code 1", async () => {
    const { code, stderr } = await fails(["dev"], { CESS_S3_LISTEN: "nonsense", CESS_S3_DATA_DIR: folder });
    expect(code).to.equal(1);
    expect(stderr).to.contain("listen").and.contain("nonsense").and.not.contain("    at ");
  });

  it("refuses to serve without a chain, an account or a readable key, in words", async () => {
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, "listen: 127.0.0.1:0\n");
    const { code, stderr } = await fails(["serve", "--config", path]);
    expect(code).to.equal(1);
    expect(stderr).to.contain("chain").and.contain("accounts").and.contain("encryption");
  });

  it("prints a file's FID and refuses an empty or missing file", async () => {
    writeFileSync(join(folder, "empty"), "");
    expect((await fails(["fid", join(folder, "empty")])).stderr).to.contain("empty");
    expect((await fails(["fid", join(folder, "absent")])).stderr).to.contain("absent");
  });
});

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { join } from "node:path";
import { eventually } from "../support/eventually.js";
import type { GatewayProcess } from "../support/gateway-process.js";
import { ServeFixture } from "../support/serve-fixture.js";
import { smallDisk, type SmallDisk } from "../support/small-disk.js";

const MIB = 2 ** 20;
const DISK = 160 * MIB;
/** Too large for a pack. */
const OBJECT = 9 * MIB;

const disk = smallDisk(DISK);
if (disk) withDisk(disk);
// test/unit/gateway/ingest/disk-full.test.ts has the same with a disk that says what the test wants.
else console.log("  not run: a gateway whose disk is full; this process may not mount one");

function withDisk(disk: SmallDisk): void {
  describe("a gateway whose disk is full", function () {
    this.timeout(240_000);
    let served: ServeFixture;
    let gateway: GatewayProcess;
    let client: S3Client;
    const at = (Key: string) => ({ Bucket: "box", Key });
    const put = (key: string, bytes = OBJECT) =>
      client.send(new PutObjectCommand({ ...at(key), Body: Buffer.alloc(bytes, key) }));
    const statusOf = (work: Promise<unknown>) =>
      work.then(
        () => 200,
        (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode,
      );

    before(async () => {
      served = await ServeFixture.start();
      // What is staged stays.
      served.nodesFail("down");
      gateway = await served.serve("full", { more: { dataDir: join(disk.path, "data") } });
      client = gateway.client();
      await client.send(new CreateBucketCommand({ Bucket: "box" }));
    });
    after(async () => {
      await gateway.end("SIGKILL");
      await served.end();
      disk.remove();
    });

    it("refuses bodies before the reserve is touched, and does all that frees space or needs none", async () => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(at("upload")));
      const part = await client.send(new UploadPartCommand({ ...at("upload"), UploadId, PartNumber: 1, Body: "part" }));
      const large = await client.send(new CreateMultipartUploadCommand(at("large")));
      // More than what is written in the background may take of the reserve.
      const largePart = { ...at("large"), UploadId: large.UploadId, PartNumber: 1, Body: Buffer.alloc(4 * OBJECT) };
      await client.send(new UploadPartCommand(largePart));
      expect(await gateway.metric("cess_s3_disk_reserve_bytes"), "a tenth of a small disk").to.equal(DISK / 10);
      let taken = 0;
      while ((await statusOf(put(`k${taken}`))) === 200) taken++;
      expect(taken).to.be.within(6, Math.floor((DISK * 0.9) / OBJECT));
      expect(await statusOf(put("refused"))).to.equal(507);
      expect(await gateway.metric("cess_s3_disk_free_bytes")).to.be.greaterThan(DISK / 10 - MIB);
      // Smaller ones fill what is left above the reserve.
      let small = 0;
      while ((await statusOf(put(`s${small}`, MIB / 2))) === 200) small++;
      const refusals = await Promise.all(Array.from({ length: 80 }, () => statusOf(put("refused", MIB / 2))));
      expect(new Set(refusals)).to.deep.equal(new Set([507]));
      const health = await eventually("the gateway is not ready", async () => {
        const found = await gateway.health();
        return found.status === 503 && found;
      });
      expect(health.reasons.map(({ check }) => check)).to.deep.equal(["disk"]);
      expect(health.reasons[0]?.reason).to.contain("InsufficientStorage").and.to.contain("16 MiB in reserve");

      await client.send(new PutObjectTaggingCommand({ ...at("k0"), Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }));
      const other = await client.send(new CreateMultipartUploadCommand(at("other")));
      const partOfOther = { ...at("other"), UploadId: other.UploadId, PartNumber: 1, Body: Buffer.alloc(MIB) };
      expect(await statusOf(client.send(new UploadPartCommand(partOfOther)))).to.equal(507);
      await client.send(new AbortMultipartUploadCommand({ ...at("other"), UploadId: other.UploadId }));
      const parts = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
      await client.send(new CompleteMultipartUploadCommand({ ...at("upload"), UploadId, MultipartUpload: parts }));
      const { Body } = await client.send(new GetObjectCommand(at("k1")));
      expect((await Body!.transformToByteArray()).length).to.equal(OBJECT);
      await client.send(new DeleteObjectCommand(at("k0")));

      await client.send(new AbortMultipartUploadCommand({ ...at("large"), UploadId: large.UploadId }));
      await put("after");
      await eventually("the gateway is ready again", async () => (await gateway.health()).status === 200);
    });

    it("has told so in a line at the beginning and one at the end, without stacks", async () => {
      const lines = await eventually("both lines", () => {
        const found = gateway.log().filter((line) => line["check"] === "disk");
        return found.length >= 2 && found;
      });
      expect(lines.map(({ msg, check }) => [msg, check])).to.deep.equal([
        ["the gateway is not ready", "disk"],
        ["what kept the gateway from being ready is over", "disk"],
      ]);
      expect(gateway.output).to.not.contain('"stack"');
    });
  });
}

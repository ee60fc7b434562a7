import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { expect } from "chai";
import { bytesOf, client, s3, useBucket } from "../support/target.js";

const MIB = 2 ** 20;

describe("the JavaScript SDK", function () {
  this.timeout(180_000);
  const bucket = useBucket();

  it("uploads 200 MiB in parallel parts with lib-storage and reads them back", async () => {
    const block = randomBytes(8 * MIB);
    const hash = createHash("sha256");
    for (let i = 0; i < 25; i += 1) hash.update(block);
    const Body = Readable.from(
      (function* () {
        for (let i = 0; i < 25; i += 1) yield block;
      })(),
    );
    const upload = new Upload({
      client: s3,
      params: { Bucket: bucket.name, Key: "lib-storage", Body },
      queueSize: 4,
      partSize: 10 * MIB,
    });
    const { ETag } = await upload.done();
    expect(ETag).to.match(/^"[0-9a-f]{64}"|^"[0-9a-f]{32}-\d+"$/);
    const { Body: body, ContentLength } = await s3.send(
      new GetObjectCommand({ Bucket: bucket.name, Key: "lib-storage" }),
    );
    expect(ContentLength).to.equal(200 * MIB);
    const back = createHash("sha256");
    for await (const chunk of body as Readable) back.update(chunk as Buffer);
    expect(back.digest("hex")).to.equal(hash.digest("hex"));
  });

  it("works with checksums on request only", async () => {
    const plain = client({ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" });
    await plain.send(new PutObjectCommand({ Bucket: bucket.name, Key: "plain", Body: "x" }));
    expect(
      (await bytesOf((await plain.send(new GetObjectCommand({ Bucket: bucket.name, Key: "plain" }))).Body)).toString(),
    ).to.equal("x");
  });

  it("sends a stream of known length with a trailing checksum", async () => {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: "stream",
        Body: Readable.from([Buffer.from("from "), Buffer.from("a stream")]),
        ContentLength: 13,
      }),
    );
    expect(
      (
        await bytesOf(
          (await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "stream", ChecksumMode: "ENABLED" }))).Body,
        )
      ).toString(),
    ).to.equal("from a stream");
  });
});

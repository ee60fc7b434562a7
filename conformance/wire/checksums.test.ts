import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

const digest = (algorithm: string, content: string | Buffer) => createHash(algorithm).update(content).digest("base64");
const ofCrc32 = (text: string) => Buffer.from(crc32(text).toString(16).padStart(8, "0"), "hex").toString("base64");
const ofHex = (hex: string) => Buffer.from(hex, "hex").toString("base64");

/** Each algorithm's value for no bytes at all, as its authors publish it. */
const ofNothing: Readonly<Record<ChecksumAlgorithm, string>> = {
  CRC32: ofHex("00000000"),
  CRC32C: ofHex("00000000"),
  CRC64NVME: ofHex("0000000000000000"),
  MD5: digest("md5", ""),
  SHA1: digest("sha1", ""),
  SHA256: digest("sha256", ""),
  SHA512: digest("sha512", ""),
  XXHASH64: ofHex("ef46db3751d8e999"),
  XXHASH3: ofHex("2d06800538d394c2"),
  XXHASH128: ofHex("99aa06d3014798d86001c324468d497f"),
};

describe("checksums", () => {
  const bucket = useBucket();
  const put = (headers: Record<string, string>, body = "x") =>
    send({ method: "PUT", path: `/${bucket.name}/key`, body, headers });

  for (const [algorithm, value] of Object.entries(ofNothing)) {
    it(`by ${algorithm} are verified, kept and returned`, async () => {
      const header = `x-amz-checksum-${algorithm.toLowerCase()}`;
      const answer = await put({ [header]: value, "content-length": "0" }, "");
      expect(answer.headers).to.include({ [header]: value, "x-amz-checksum-type": "FULL_OBJECT" });
      const head = await send({
        method: "HEAD",
        path: `/${bucket.name}/key`,
        headers: { "x-amz-checksum-mode": "ENABLED" },
      });
      expect(head.headers).to.include({ [header]: value, "x-amz-checksum-type": "FULL_OBJECT" });
      expect(await put({ [header]: value }), "other bytes").to.include({ status: 400, code: "BadDigest" });
      expect(await put({ [header]: value.slice(4) }), "too short").to.include({ status: 400, code: "InvalidRequest" });
    });
  }

  it("must be by the algorithm that x-amz-sdk-checksum-algorithm names", async () => {
    const right = { "x-amz-checksum-sha256": digest("sha256", "x") };
    expect((await put({ ...right, "x-amz-sdk-checksum-algorithm": "SHA256" })).status).to.equal(200);
    expect(await put({ ...right, "x-amz-sdk-checksum-algorithm": "CRC32" })).to.include({
      status: 400,
      code: "InvalidRequest",
    });
    const none = await put({ "x-amz-sdk-checksum-algorithm": "SHA256" });
    expect([none.status, none.code, none.body.includes("no corresponding x-amz-checksum-")]).to.deep.equal([
      400,
      "InvalidRequest",
      true,
    ]);
    // Whoever uploads with a presigned URL need not compute what its author's SDK would have.
    const presigned = await send({
      method: "PUT",
      path: `/${bucket.name}/key?x-amz-sdk-checksum-algorithm=CRC32`,
      sign: "query",
      body: "x",
    });
    expect(presigned.status).to.equal(200);
  });

  it("come once, in a header or in the trailer that was announced", async () => {
    const trailing = (headers: Record<string, string>, trailer: string) =>
      put(
        {
          "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
          "x-amz-decoded-content-length": "1",
          ...headers,
        },
        `1\r\nx\r\n0\r\n${trailer}\r\n\r\n`,
      );
    const announced = { "x-amz-trailer": "x-amz-checksum-crc32" };
    const right = `x-amz-checksum-crc32:${ofCrc32("x")}`;
    expect((await trailing(announced, right)).headers["x-amz-checksum-crc32"]).to.equal(ofCrc32("x"));
    expect(await trailing({ ...announced, "x-amz-checksum-sha256": digest("sha256", "x") }, right)).to.include({
      status: 400,
      code: "InvalidRequest",
    });
    for (const [headers, trailer] of [
      [{}, right],
      [announced, `x-amz-checksum-sha256:${digest("sha256", "x")}`],
    ] as const) {
      expect(await trailing(headers, trailer)).to.include({ status: 400, code: "MalformedTrailerError" });
    }
    expect(await trailing(announced, "x-amz-checksum-crc32:AAAA")).to.include({ status: 400, code: "InvalidRequest" });
    expect(await trailing(announced, "x-amz-checksum-crc32:AAAAAA==")).to.include({ status: 400, code: "BadDigest" });
  });

  for (const [algorithm, hash] of [
    ["SHA512", "sha512"],
    ["MD5", "md5"],
    ["SHA256", "sha256"],
  ] as const) {
    it(`of parts by ${algorithm} make a composite one, which Complete asks for part by part`, async () => {
      const at = { Bucket: bucket.name, Key: `parts-${algorithm}` };
      const member = `Checksum${algorithm}` as const;
      const bodies = [Buffer.alloc(5 * 2 ** 20, "a"), Buffer.from("end")];
      const { UploadId, ChecksumType } = await s3.send(
        new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: algorithm }),
      );
      expect(ChecksumType).to.equal("COMPOSITE");
      const Parts = [];
      for (const [index, Body] of bodies.entries()) {
        const sent = await s3.send(
          new UploadPartCommand({ ...at, UploadId, PartNumber: index + 1, Body, [member]: digest(hash, Body) }),
        );
        Parts.push({ PartNumber: index + 1, ETag: sent.ETag, [member]: sent[member] });
      }
      const complete = (parts: object[]) =>
        s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: parts } }));
      const bare = await refusal(complete([Parts[0] ?? {}, { PartNumber: 2, ETag: Parts[1]?.ETag }]));
      expect([bare.code, bare.status, bare.message.includes("missing for part 2")]).to.deep.equal([
        "InvalidRequest",
        400,
        true,
      ]);
      const whole = `${digest(hash, Buffer.concat(bodies.map((body) => createHash(hash).update(body).digest())))}-2`;
      expect((await complete(Parts))[member]).to.equal(whole);
      expect((await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" })))[member]).to.equal(whole);
    });
  }

  it("of a part that is read are the part's own", async () => {
    const at = { Bucket: bucket.name, Key: "read-by-part" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "SHA256" }));
    const ChecksumSHA256 = digest("sha256", "only");
    const { ETag } = await s3.send(
      new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "only", ChecksumSHA256 }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({
        ...at,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] },
      }),
    );
    const part = await s3.send(new GetObjectCommand({ ...at, PartNumber: 1, ChecksumMode: "ENABLED" }));
    expect([part.ChecksumSHA256, part.ChecksumType, (await bytesOf(part.Body)).toString()]).to.deep.equal([
      ChecksumSHA256,
      "COMPOSITE",
      "only",
    ]);
    expect((await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" }))).ChecksumSHA256).to.match(/-1$/);
  });
});

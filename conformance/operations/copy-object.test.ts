import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, bytesOf, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("CopyObject", () => {
  const bucket = useBucket();
  const other = useBucket();
  const body = randomBytes(50_000);
  const source = "source with ü+%";
  const from = () => `${bucket.name}/${encodeURIComponent(source)}`;
  before(() =>
    s3.send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: source,
        Body: body,
        ContentType: "text/a",
        Metadata: { a: "1" },
      }),
    ),
  );

  it("copies bytes, headers and metadata into another bucket", async () => {
    const { CopyObjectResult } = await s3.send(
      new CopyObjectCommand({ Bucket: other.name, Key: "copy", CopySource: from() }),
    );
    expect(CopyObjectResult?.LastModified).to.be.instanceOf(Date);
    const answer = await s3.send(new GetObjectCommand({ Bucket: other.name, Key: "copy" }));
    expect(answer.ETag).to.equal(CopyObjectResult?.ETag);
    expect(answer.ContentType).to.equal("text/a");
    expect(answer.Metadata).to.deep.equal({ a: "1" });
    expect(await bytesOf(answer.Body)).to.deep.equal(body);
  });

  it("takes a plus in the source for a space, and %2B for a plus", async () => {
    for (const Key of ["plus a b", "plus a+b"])
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: Key }));
    const copied = async (sourceKey: string) => {
      await s3.send(
        new CopyObjectCommand({ Bucket: other.name, Key: "plus", CopySource: `${bucket.name}/${sourceKey}` }),
      );
      return (
        await bytesOf((await s3.send(new GetObjectCommand({ Bucket: other.name, Key: "plus" }))).Body)
      ).toString();
    };
    expect([await copied("plus+a+b"), await copied("plus%20a%2Bb")]).to.deep.equal(["plus a b", "plus a+b"]);
  });

  it("replaces metadata when told to, also in place", async () => {
    const at = { Bucket: other.name, Key: "touched" };
    await s3.send(new PutObjectCommand({ ...at, Body: "x", Metadata: { a: "1" } }));
    await s3.send(
      new CopyObjectCommand({
        ...at,
        CopySource: `${at.Bucket}/${at.Key}`,
        MetadataDirective: "REPLACE",
        Metadata: { b: "2" },
        ContentType: "text/b",
      }),
    );
    const head = await s3.send(new HeadObjectCommand(at));
    expect(head.Metadata).to.deep.equal({ b: "2" });
    expect(head).to.include({ ContentType: "text/b", ContentLength: 1 });
  });

  it("refuses to copy an object to itself without a change", async () => {
    const call = s3.send(new CopyObjectCommand({ Bucket: bucket.name, Key: source, CopySource: from() }));
    expect(await refusal(call)).to.include({ code: "InvalidRequest", status: 400 });
  });

  it("copies an object to itself where a storage class is named, be it the one it has", async () => {
    const at = { Bucket: other.name, Key: "reclassed" };
    await s3.send(new PutObjectCommand({ ...at, Body: "x", StorageClass: "STANDARD_IA" }));
    for (const StorageClass of ["STANDARD", "STANDARD"] as const) {
      await s3.send(new CopyObjectCommand({ ...at, CopySource: `${at.Bucket}/${at.Key}`, StorageClass }));
      expect((await s3.send(new HeadObjectCommand(at))).StorageClass).to.equal(undefined);
    }
  });

  it("obeys the conditions on the source", async () => {
    const copy = (settings: object) =>
      s3.send(new CopyObjectCommand({ Bucket: other.name, Key: "conditional", CopySource: from(), ...settings }));
    expect(await refusal(copy({ CopySourceIfMatch: '"other"' }))).to.include({
      code: "PreconditionFailed",
      status: 412,
    });
    const { ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: source }));
    expect(await refusal(copy({ CopySourceIfNoneMatch: ETag }))).to.include({
      code: "PreconditionFailed",
      status: 412,
    });
    await copy({ CopySourceIfMatch: ETag });
  });

  it("is one part with a checksum of the whole, by the source's algorithm or the one that is asked for", async () => {
    const at = { Bucket: bucket.name, Key: "summed" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "SHA256" }));
    const { ETag, ChecksumSHA256 } = await s3.send(
      new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: body, ChecksumAlgorithm: "SHA256" }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({
        ...at,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] },
      }),
    );
    const copy = async (ChecksumAlgorithm?: ChecksumAlgorithm) =>
      (
        await s3.send(
          new CopyObjectCommand({
            Bucket: other.name,
            Key: "summed",
            CopySource: `${at.Bucket}/${at.Key}`,
            ChecksumAlgorithm,
          }),
        )
      ).CopyObjectResult;
    for (const [asked, algorithm, hash] of [
      [undefined, "SHA256", "sha256"],
      ["SHA256", "SHA256", "sha256"],
      ["SHA512", "SHA512", "sha512"],
    ] as const) {
      const value = createHash(hash).update(body).digest("base64");
      expect(await copy(asked)).to.include({ [`Checksum${algorithm}`]: value, ChecksumType: "FULL_OBJECT" });
      const whole = await s3.send(
        new GetObjectAttributesCommand({
          Bucket: other.name,
          Key: "summed",
          ObjectAttributes: ["Checksum", "ObjectParts"],
        }),
      );
      expect(whole.Checksum).to.include({ [`Checksum${algorithm}`]: value });
      expect(whole.ObjectParts).to.equal(undefined);
    }
  });

  it("combines the CRCs of its source's parts", async () => {
    const at = { Bucket: bucket.name, Key: "combined" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "CRC32" }));
    const bodies = [randomBytes(5 * 2 ** 20), body];
    const Parts = [];
    for (const [index, Body] of bodies.entries()) {
      const { ETag, ChecksumCRC32 } = await s3.send(
        new UploadPartCommand({ ...at, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "CRC32" }),
      );
      Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
    const { CopyObjectResult } = await s3.send(
      new CopyObjectCommand({ Bucket: other.name, Key: "combined", CopySource: `${at.Bucket}/${at.Key}` }),
    );
    const whole = Buffer.from(crc32(Buffer.concat(bodies)).toString(16).padStart(8, "0"), "hex").toString("base64");
    expect(CopyObjectResult).to.include({ ChecksumCRC32: whole, ChecksumType: "FULL_OBJECT" });
  });

  it("survives the source's deletion and leaves it alone", async () => {
    const at = { Bucket: bucket.name, Key: "to-go" };
    await s3.send(new PutObjectCommand({ ...at, Body: "bytes" }));
    await s3.send(new CopyObjectCommand({ Bucket: other.name, Key: "stays", CopySource: `${at.Bucket}/${at.Key}` }));
    await s3.send(new PutObjectCommand({ ...at, Body: "other bytes" }));
    expect(
      (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: other.name, Key: "stays" }))).Body)).toString(),
    ).to.equal("bytes");
  });

  it("refuses a source that is not there or is another's", async () => {
    expect(
      await refusal(
        s3.send(new CopyObjectCommand({ Bucket: other.name, Key: "c", CopySource: `${bucket.name}/absent` })),
      ),
    ).to.include({ code: "NoSuchKey", status: 404 });
    expect(
      await refusal(s3.send(new CopyObjectCommand({ Bucket: other.name, Key: "c", CopySource: `${freshName()}/k` }))),
    ).to.include({ code: "NoSuchBucket", status: 404 });
    for (const version of ["", "nonsense"]) {
      expect(
        await refusal(
          s3.send(
            new CopyObjectCommand({ Bucket: other.name, Key: "c", CopySource: `${from()}?versionId=${version}` }),
          ),
        ),
      ).to.include({ code: "InvalidArgument", status: 400 });
    }
    expect(
      await refusal(altClient().send(new CopyObjectCommand({ Bucket: other.name, Key: "c", CopySource: from() }))),
    ).to.include({ code: "AccessDenied", status: 403 });
  });
});

import { createHash, randomBytes } from "node:crypto";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type ChecksumAlgorithm } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, bytesOf, freshName, refusal, s3, useBucket } from "../support/target.js";

const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("hex");

describe("PutObject", () => {
  const bucket = useBucket();

  it("answers with the MD5 as ETag and stores the bytes", async () => {
    const body = randomBytes(100_000);
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "bytes", Body: body }));
    expect(ETag).to.equal(`"${md5(body)}"`);
    expect(
      await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "bytes" }))).Body),
    ).to.deep.equal(body);
  });

  it("stores the empty object", async () => {
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "empty", Body: "" }));
    expect(ETag).to.equal('"d41d8cd98f00b204e9800998ecf8427e"');
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "empty" }));
    expect(head.ContentLength).to.equal(0);
  });

  it("keeps content headers and user metadata", async () => {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: "headers",
        Body: "x",
        ContentType: "text/x-test",
        CacheControl: "max-age=60",
        ContentDisposition: 'attachment; filename="a.txt"',
        ContentEncoding: "gzip",
        ContentLanguage: "de",
        Expires: new Date("2030-01-01T00:00:00Z"),
        Metadata: { colour: "green", "two-words": "a b" },
      }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "headers" }));
    expect(head).to.include({
      ContentType: "text/x-test",
      CacheControl: "max-age=60",
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: "gzip",
      ContentLanguage: "de",
    });
    expect(head.ExpiresString).to.equal("Tue, 01 Jan 2030 00:00:00 GMT");
    expect(head.Metadata).to.deep.equal({ colour: "green", "two-words": "a b" });
  });

  it("replaces what was there, headers included", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "again", Body: "one", Metadata: { a: "1" } }));
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "again", Body: "three" }));
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "again" }));
    expect(answer.Metadata).to.deep.equal({});
    expect((await bytesOf(answer.Body)).toString()).to.equal("three");
  });

  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as ChecksumAlgorithm[]) {
    it(`verifies, keeps and returns ${algorithm}`, async () => {
      const field = `Checksum${algorithm}` as "ChecksumSHA256";
      const put = await s3.send(
        new PutObjectCommand({ Bucket: bucket.name, Key: algorithm, Body: "checked", ChecksumAlgorithm: algorithm }),
      );
      expect(put[field], "the answer of PutObject").to.be.a("string");
      const head = await s3.send(
        new HeadObjectCommand({ Bucket: bucket.name, Key: algorithm, ChecksumMode: "ENABLED" }),
      );
      expect(head[field]).to.equal(put[field]);
      expect(head.ChecksumType).to.equal("FULL_OBJECT");
    });
  }

  it("refuses a body whose checksum is another", async () => {
    const call = s3.send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: "wrong",
        Body: "x",
        ChecksumSHA256: createHash("sha256").update("y").digest("base64"),
      }),
    );
    expect(await refusal(call)).to.include({ code: "BadDigest", status: 400 });
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "wrong" })))).status).to.equal(404);
  });

  it("obeys If-None-Match: * and If-Match", async () => {
    const at = { Bucket: bucket.name, Key: "conditional" };
    const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: "1", IfNoneMatch: "*" }));
    expect(await refusal(s3.send(new PutObjectCommand({ ...at, Body: "2", IfNoneMatch: "*" })))).to.include({
      code: "PreconditionFailed",
      status: 412,
    });
    await s3.send(new PutObjectCommand({ ...at, Body: "3", IfMatch: ETag }));
    expect(await refusal(s3.send(new PutObjectCommand({ ...at, Body: "4", IfMatch: ETag })))).to.include({
      code: "PreconditionFailed",
      status: 412,
    });
    expect(await refusal(s3.send(new PutObjectCommand({ ...at, Key: "absent", Body: "5", IfMatch: ETag })))).to.include(
      { code: "NoSuchKey", status: 404 },
    );
  });

  for (const key of [
    "a b",
    "a+b",
    "a%2Fb",
    "a//b",
    "./a",
    "../a",
    "a/",
    "ключ/鍵",
    "emoji 😀",
    "q?x=1&y",
    "semi;colon=eq",
    "tilde~!*'()",
    "new\nline",
    "<&>\"'",
  ]) {
    it(`stores under the key ${JSON.stringify(key)}`, async () => {
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: key }));
      expect(
        (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }))).Body)).toString(),
      ).to.equal(key);
    });
  }

  it("refuses a key of more than 1,024 bytes and takes one of exactly that many", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k".repeat(1024), Body: "x" }));
    expect(
      await refusal(s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "ü".repeat(513), Body: "x" }))),
    ).to.include({ code: "KeyTooLongError", status: 400 });
  });

  it("refuses metadata of more than 2 KiB", async () => {
    const call = s3.send(
      new PutObjectCommand({ Bucket: bucket.name, Key: "meta", Body: "x", Metadata: { big: "v".repeat(2100) } }),
    );
    expect(await refusal(call)).to.include({ code: "MetadataTooLarge", status: 400 });
  });

  it("refuses a bucket that is not there and another account's", async () => {
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket: freshName(), Key: "k", Body: "x" })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
    expect(
      await refusal(altClient().send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }))),
    ).to.include({ code: "AccessDenied", status: 403 });
  });
});

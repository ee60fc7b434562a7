import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, bytesOf, refusal, s3, useBucket } from "../support/target.js";

const NETWORK_BUCKET = process.env["CONFORMANCE_NETWORK_BUCKET"] ?? "cess";

describe("The network bucket", () => {
  const bucket = useBucket();
  const content = randomBytes(6 * 1024 * 1024);
  let fid: string;
  let encrypted: boolean;
  /** What the network has under the FID. */
  let kept: Buffer = content;
  let length = content.length;

  before(async function () {
    // An object whose ETag is its FID, brought into the network.
    const at = { Bucket: bucket.name, Key: "object" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: content }));
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
    );
    encrypted = done.ServerSideEncryption !== undefined;
    fid = (done.ETag ?? "").replaceAll('"', "");
    // Another endpoint than ours has no FIDs and no such bucket.
    if (!/^[0-9a-f]{64}$/.test(fid)) this.skip();
    for (const end = Date.now() + 50_000; Date.now() < end;) {
      const { headers } = await send({ method: "HEAD", path: `/${bucket.name}/object` });
      if (headers["x-cess-state"] === "stored") return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error("the object was not stored in time");
  });

  it("gives any file on the network by its FID, encrypted where the endpoint encrypts", async () => {
    const { Body, ETag, ContentLength } = await s3.send(new GetObjectCommand({ Bucket: NETWORK_BUCKET, Key: fid }));
    // Encrypted, it is given whole: cut off it could not be decrypted.
    length = encrypted ? 32 * 1024 * 1024 : content.length;
    expect([ETag, ContentLength]).to.deep.equal([`"${fid}"`, length]);
    kept = await bytesOf(Body);
    expect(Buffer.compare(kept, content) === 0).to.equal(!encrypted);
    if (encrypted) expect(kept.includes(content.subarray(0, 16))).to.equal(false);
  });

  it("gives ranges, and heads with what is left of the file", async () => {
    const { Body, ContentRange } = await s3.send(
      new GetObjectCommand({ Bucket: NETWORK_BUCKET, Key: fid, Range: "bytes=100-199" }),
    );
    expect(ContentRange).to.equal(`bytes 100-199/${length}`);
    expect(Buffer.compare(await bytesOf(Body), kept.subarray(100, 200))).to.equal(0);
    for (const path of [`/${NETWORK_BUCKET}/${fid}`, `/${bucket.name}/object`]) {
      const { status, headers } = await send({ method: "HEAD", path });
      expect(status).to.equal(200);
      expect(headers["x-cess-redundancy"]).to.equal("12/12");
      expect(headers["x-cess-fid"]).to.equal(fid);
    }
    expect((await s3.send(new HeadObjectCommand({ Bucket: NETWORK_BUCKET, Key: fid }))).ContentLength).to.equal(length);
  });

  it("knows no other keys, and cannot be written or taken", async () => {
    expect(
      (await refusal(s3.send(new GetObjectCommand({ Bucket: NETWORK_BUCKET, Key: "0".repeat(64) })))).code,
    ).to.equal("NoSuchKey");
    expect(
      (await refusal(s3.send(new PutObjectCommand({ Bucket: NETWORK_BUCKET, Key: fid, Body: "x" })))).code,
    ).to.equal("AccessDenied");
    expect((await refusal(altClient().send(new CreateBucketCommand({ Bucket: NETWORK_BUCKET })))).code).to.equal(
      "BucketAlreadyExists",
    );
  });

  it("lists what the account holds on chain, and says of a file whose it is", async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: NETWORK_BUCKET, Prefix: fid }));
    expect(Contents.map(({ Key, ETag, Size }) => [Key, ETag, Size])).to.deep.equal([[fid, `"${fid}"`, content.length]]);
    const { headers } = await send({ method: "HEAD", path: `/${NETWORK_BUCKET}/${fid}` });
    expect(headers["x-cess-owner"]).to.match(/^c[1-9A-HJ-NP-Za-km-z]+$/);
    expect(headers["x-cess-file-name"]).to.match(/^[!-~]{3,63}$/);
    const { IsTruncated } = await s3.send(new ListObjectVersionsCommand({ Bucket: NETWORK_BUCKET, MaxKeys: 1 }));
    expect(IsTruncated).to.be.a("boolean");
  });

  it("gives files to other accounts without their bytes: CopyObject takes them over", async () => {
    const client = altClient();
    const target = { Bucket: `${bucket.name}-taken`, Key: "taken" };
    await client.send(new CreateBucketCommand({ Bucket: target.Bucket }));
    try {
      const { CopyObjectResult } = await client.send(
        new CopyObjectCommand({ ...target, CopySource: `${NETWORK_BUCKET}/${fid}` }),
      );
      expect(CopyObjectResult?.ETag).to.equal(`"${fid}"`);
      const { Body } = await client.send(new GetObjectCommand(target));
      expect(Buffer.compare(await bytesOf(Body), kept)).to.equal(0);
    } finally {
      await client.send(new DeleteObjectCommand(target));
      await client.send(new DeleteBucketCommand({ Bucket: target.Bucket }));
    }
  });

  it("opens no file with a cipher that is not its own", async () => {
    const cipher = { SSECustomerAlgorithm: "cess-cbc", SSECustomerKey: "open sesame" };
    const { code } = await refusal(s3.send(new GetObjectCommand({ Bucket: NETWORK_BUCKET, Key: fid, ...cipher })));
    expect(code).to.equal(encrypted ? "AccessDenied" : "InvalidRequest");
  });
});

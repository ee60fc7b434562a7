import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, HeadObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { freshName, refusal, s3, useBucket } from "../support/target.js";

describe("CreateMultipartUpload", () => {
  const bucket = useBucket();

  it("opens an upload whose headers and metadata the object gets", async () => {
    const at = { Bucket: bucket.name, Key: "headers" };
    const { UploadId, Bucket, Key } = await s3.send(new CreateMultipartUploadCommand({ ...at, ContentType: "text/m", Metadata: { m: "1" } }));
    expect({ Bucket, Key }).to.deep.equal(at);
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "part" }));
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
    const head = await s3.send(new HeadObjectCommand(at));
    expect(head.ContentType).to.equal("text/m");
    expect(head.Metadata).to.deep.equal({ m: "1" });
  });

  it("gives every upload its own id, also of one key", async () => {
    const at = { Bucket: bucket.name, Key: "twice" };
    const ids = [(await s3.send(new CreateMultipartUploadCommand(at))).UploadId, (await s3.send(new CreateMultipartUploadCommand(at))).UploadId];
    expect(ids[0]).to.not.equal(ids[1]);
    for (const UploadId of ids) await s3.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
  });

  it("refuses a bucket that is not there", async () => {
    expect(await refusal(s3.send(new CreateMultipartUploadCommand({ Bucket: freshName(), Key: "k" })))).to.include({ code: "NoSuchBucket", status: 404 });
  });
});

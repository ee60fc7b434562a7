import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutBucketLifecycleConfigurationCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { freshName, refusal, s3, useBucket } from "../support/target.js";

describe("CreateMultipartUpload", () => {
  const bucket = useBucket();

  it("opens an upload whose headers and metadata the object gets", async () => {
    const at = { Bucket: bucket.name, Key: "headers" };
    const { UploadId, Bucket, Key } = await s3.send(
      new CreateMultipartUploadCommand({ ...at, ContentType: "text/m", Metadata: { m: "1" } }),
    );
    expect({ Bucket, Key }).to.deep.equal(at);
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "part" }));
    await s3.send(
      new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
    );
    const head = await s3.send(new HeadObjectCommand(at));
    expect(head.ContentType).to.equal("text/m");
    expect(head.Metadata).to.deep.equal({ m: "1" });
  });

  it("gives every upload its own id, also of one key", async () => {
    const at = { Bucket: bucket.name, Key: "twice" };
    const ids = [
      (await s3.send(new CreateMultipartUploadCommand(at))).UploadId,
      (await s3.send(new CreateMultipartUploadCommand(at))).UploadId,
    ];
    expect(ids[0]).to.not.equal(ids[1]);
    for (const UploadId of ids) await s3.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
  });

  it("tells when a lifecycle rule will abort the upload, and so do its parts", async () => {
    const Rules = [
      {
        ID: "tidy",
        Status: "Enabled" as const,
        Filter: { Prefix: "tidy/" },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      },
    ];
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: bucket.name, LifecycleConfiguration: { Rules } }),
    );
    const at = { Bucket: bucket.name, Key: "tidy/up" };
    const created = await s3.send(new CreateMultipartUploadCommand(at));
    const days = ((created.AbortDate?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect([created.AbortRuleId, days > 2 && days <= 3]).to.deep.equal(["tidy", true]);
    const listed = await s3.send(new ListPartsCommand({ ...at, UploadId: created.UploadId }));
    expect([listed.AbortRuleId, listed.AbortDate]).to.deep.equal(["tidy", created.AbortDate]);
    expect((await s3.send(new CreateMultipartUploadCommand({ ...at, Key: "other" }))).AbortDate).to.equal(undefined);
  });

  it("refuses a bucket that is not there", async () => {
    expect(await refusal(s3.send(new CreateMultipartUploadCommand({ Bucket: freshName(), Key: "k" })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
  });
});

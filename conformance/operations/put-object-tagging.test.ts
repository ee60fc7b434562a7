import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3 } from "../support/target.js";
import { useVersionedBucket } from "../support/versioned.js";

describe("PutObjectTagging", () => {
  const { bucket, put } = useVersionedBucket();
  const tag = (Key: string, TagSet: { Key: string; Value: string }[], VersionId?: string) =>
    s3.send(new PutObjectTaggingCommand({ Bucket: bucket.name, Key, VersionId, Tagging: { TagSet } }));
  const tagsOf = async (Key: string, VersionId?: string) =>
    (await s3.send(new GetObjectTaggingCommand({ Bucket: bucket.name, Key, VersionId }))).TagSet?.map(
      ({ Key: key, Value }) => `${key}=${Value}`,
    ).sort();
  const putTagged = (Key: string, Tagging: string) =>
    s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x", Tagging }));

  it("tags the current version, or the one that is named", async () => {
    const [first, second] = [await put("k"), await put("k")];
    expect((await tag("k", [{ Key: "a", Value: "1" }], first)).VersionId).to.equal(first);
    expect(
      (
        await tag("k", [
          { Key: "b", Value: "2" },
          { Key: "c", Value: "ü" },
        ])
      ).VersionId,
    ).to.equal(second);
    expect(await tagsOf("k", first)).to.deep.equal(["a=1"]);
    expect(await tagsOf("k")).to.deep.equal(["b=2", "c=ü"]);
    expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "k" }))).TagCount).to.equal(2);
  });

  it("takes tags with an object, and with an upload", async () => {
    await putTagged("header", "a=1&b%20c=d%2Be");
    expect(await tagsOf("header")).to.deep.equal(["a=1", "b c=d+e"]);
    const at = { Bucket: bucket.name, Key: "parts" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, Tagging: "up=load" }));
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "x" }));
    await s3.send(
      new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
    );
    expect(await tagsOf("parts")).to.deep.equal(["up=load"]);
  });

  it("goes with a copy, unless the copy brings its own", async () => {
    await putTagged("source", "a=1");
    const CopySource = `${bucket.name}/source`;
    await s3.send(new CopyObjectCommand({ Bucket: bucket.name, Key: "same", CopySource }));
    await s3.send(
      new CopyObjectCommand({
        Bucket: bucket.name,
        Key: "own",
        CopySource,
        TaggingDirective: "REPLACE",
        Tagging: "b=2",
      }),
    );
    await s3.send(new CopyObjectCommand({ Bucket: bucket.name, Key: "none", CopySource, TaggingDirective: "REPLACE" }));
    expect([await tagsOf("same"), await tagsOf("own"), await tagsOf("none")]).to.deep.equal([["a=1"], ["b=2"], []]);
  });

  it("refuses an eleventh tag, long keys and values, and what is no object", async () => {
    const tags = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
    await put("limits");
    await tag("limits", tags.slice(1));
    expect((await refusal(tag("limits", tags))).status).to.equal(400);
    expect(await refusal(tag("limits", [{ Key: "k".repeat(129), Value: "" }]))).to.include({
      code: "InvalidTag",
      status: 400,
    });
    expect(await refusal(tag("limits", [{ Key: "k", Value: "v".repeat(257) }]))).to.include({
      code: "InvalidTag",
      status: 400,
    });
    expect(await refusal(putTagged("limits", "a=1&a=2"))).to.include({ code: "InvalidArgument", status: 400 });
    expect(await refusal(tag("absent", []))).to.include({ code: "NoSuchKey", status: 404 });
  });
});

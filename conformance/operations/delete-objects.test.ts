import { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("DeleteObjects", () => {
  const bucket = useBucket();
  const remove = (keys: readonly string[], Quiet = false) =>
    s3.send(
      new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Quiet, Objects: keys.map((Key) => ({ Key })) } }),
    );

  it("removes the named keys and names each, also those that were not there", async () => {
    for (const Key of ["a", "b&<c", "d"]) await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x" }));
    const { Deleted, Errors } = await remove(["a", "b&<c", "absent"]);
    expect(Deleted?.map(({ Key }) => Key)).to.have.members(["a", "b&<c", "absent"]);
    expect(Errors).to.equal(undefined);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket.name }));
    expect(Contents?.map(({ Key }) => Key)).to.deep.equal(["d"]);
  });

  it("says nothing of successes when quiet", async () => {
    expect((await remove(["d"], true)).Deleted).to.equal(undefined);
  });

  it("tells what it could not do for one object beside what it did for the others", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "stays", Body: "x" }));
    const Objects = [
      { Key: "stays", ETag: "other" },
      { Key: "k", VersionId: "none" },
      { Key: "absent", ETag: "other" },
      { Key: "goes" },
      { Key: "goes" },
    ];
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects } }));
    expect(Errors?.map(({ Key, VersionId, Code }) => [Key, VersionId, Code])).to.deep.equal([
      ["stays", undefined, "PreconditionFailed"],
      ["k", "none", "NoSuchVersion"],
      ["absent", undefined, "NoSuchKey"],
    ]);
    expect(Deleted?.map(({ Key }) => Key)).to.deep.equal(["goes", "goes"]);
  });

  it("takes 1,000 keys and refuses 1,001", async () => {
    const keys = Array.from({ length: 1001 }, (_, i) => `k${i}`);
    expect((await remove(keys.slice(1))).Deleted).to.have.length(1000);
    expect(await refusal(remove(keys))).to.include({ code: "MalformedXML", status: 400 });
  });
});

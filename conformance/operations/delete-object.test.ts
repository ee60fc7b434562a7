import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("DeleteObject", () => {
  const bucket = useBucket();

  it("removes the object, and succeeds for a key that is not there", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    expect(
      (await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" }))).$metadata.httpStatusCode,
    ).to.equal(204);
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "k" })))).status).to.equal(404);
    expect(
      (await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" }))).$metadata.httpStatusCode,
    ).to.equal(204);
  });

  it("obeys If-Match, which finds nothing where nothing is, and conditions on size and last change, which do not mind", async () => {
    const at = { Bucket: bucket.name, Key: "condition" };
    const remove = (settings: object) => s3.send(new DeleteObjectCommand({ ...at, ...settings }));
    expect(await refusal(remove({ IfMatch: "*" }))).to.include({ code: "NoSuchKey", status: 404 });
    expect((await remove({ IfMatchSize: 1 })).$metadata.httpStatusCode).to.equal(204);
    expect((await remove({ IfMatchLastModifiedTime: new Date() })).$metadata.httpStatusCode).to.equal(204);
    const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: "x" }));
    for (const settings of [{ IfMatch: '"other"' }, { IfMatchSize: 2 }, { IfMatchLastModifiedTime: new Date(0) }]) {
      expect(await refusal(remove(settings))).to.include({ code: "PreconditionFailed", status: 412 });
    }
    const { LastModified } = await s3.send(new HeadObjectCommand(at));
    await remove({ IfMatch: ETag, IfMatchSize: 1, IfMatchLastModifiedTime: LastModified });
    expect((await refusal(s3.send(new HeadObjectCommand(at)))).status).to.equal(404);
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(s3.send(new DeleteObjectCommand({ Bucket: freshName(), Key: "k" })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
    expect(await refusal(altClient().send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" })))).to.include({
      code: "AccessDenied",
      status: 403,
    });
  });
});

import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("DeleteObject", () => {
  const bucket = useBucket();

  it("removes the object, and succeeds for a key that is not there", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    expect((await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" }))).$metadata.httpStatusCode).to.equal(204);
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "k" })))).status).to.equal(404);
    expect((await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" }))).$metadata.httpStatusCode).to.equal(204);
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(s3.send(new DeleteObjectCommand({ Bucket: freshName(), Key: "k" })))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(await refusal(altClient().send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" })))).to.include({ code: "AccessDenied", status: 403 });
  });
});

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3 } from "../support/target.js";

describe("DeleteBucket", () => {
  it("removes an empty bucket and refuses one that holds an object", async () => {
    const Bucket = freshName();
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
    expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).to.include({
      code: "BucketNotEmpty",
      status: 409,
    });
    expect(await refusal(altClient().send(new DeleteBucketCommand({ Bucket })))).to.include({
      code: "AccessDenied",
      status: 403,
    });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    expect((await s3.send(new DeleteBucketCommand({ Bucket }))).$metadata.httpStatusCode).to.equal(204);
    expect((await refusal(s3.send(new HeadBucketCommand({ Bucket })))).status).to.equal(404);
    expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
  });
});

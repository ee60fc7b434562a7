import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("HeadBucket", () => {
  const bucket = useBucket();

  it("names the bucket's region", async () => {
    expect((await s3.send(new HeadBucketCommand({ Bucket: bucket.name }))).BucketRegion).to.equal("us-east-1");
  });

  it("answers 404 for a bucket that is not there and 403 for another's", async () => {
    expect((await refusal(s3.send(new HeadBucketCommand({ Bucket: freshName() })))).status).to.equal(404);
    expect((await refusal(altClient().send(new HeadBucketCommand({ Bucket: bucket.name })))).status).to.equal(403);
    const nameless = await send({ method: "HEAD", path: `/${bucket.name}`, sign: false });
    expect([nameless.status, nameless.headers["x-amz-bucket-region"]]).to.deep.equal([403, "us-east-1"]);
  });
});

import { GetBucketLocationCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketLocation", () => {
  const bucket = useBucket();

  it("answers an empty constraint, which stands for us-east-1", async () => {
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: bucket.name }))).LocationConstraint ?? "").to.equal(
      "",
    );
  });

  it("answers NoSuchBucket for a bucket that is not there", async () => {
    expect(await refusal(s3.send(new GetBucketLocationCommand({ Bucket: freshName() })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
  });
});

import { GetBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketPolicy", () => {
  const bucket = useBucket();

  const Policy = () =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket.name}/x/*` },
      ],
    });

  it("gives back the text as it was put, and NoSuchBucketPolicy before", async () => {
    expect(await refusal(s3.send(new GetBucketPolicyCommand({ Bucket: bucket.name })))).to.include({
      code: "NoSuchBucketPolicy",
      status: 404,
    });
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: Policy() }));
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket: bucket.name }))).Policy).to.equal(Policy());
  });
});

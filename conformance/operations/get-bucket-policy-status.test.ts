import { GetBucketPolicyStatusCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketPolicyStatus", () => {
  const bucket = useBucket();

  const Policy = () =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket.name}/x/*` },
      ],
    });

  it("says whether the policy lets the public in", async () => {
    expect((await refusal(s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket.name })))).code).to.equal(
      "NoSuchBucketPolicy",
    );
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: Policy() }));
    expect((await s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket.name }))).PolicyStatus?.IsPublic).to.equal(
      false,
    );
  });
});

import { DeleteBucketPolicyCommand, GetBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("DeleteBucketPolicy", () => {
  const bucket = useBucket();

  const Policy = () =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket.name}/x/*` },
      ],
    });

  it("leaves none, and is a success where there was none", async () => {
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: Policy() }));
    for (let i = 0; i < 2; i++)
      expect((await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name }))).$metadata.httpStatusCode).to.equal(
        204,
      );
    expect((await refusal(s3.send(new GetBucketPolicyCommand({ Bucket: bucket.name })))).code).to.equal(
      "NoSuchBucketPolicy",
    );
  });
});

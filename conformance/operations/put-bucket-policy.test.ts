import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketPolicy", () => {
  const bucket = useBucket();

  const Policy = () =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket.name}/x/*` },
      ],
    });

  it("answers 204 and takes a policy for its own bucket only", async () => {
    expect(
      (await s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: Policy() }))).$metadata.httpStatusCode,
    ).to.equal(204);
    expect(
      (
        await refusal(
          s3.send(
            new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: Policy().replace(bucket.name, "elsewhere") }),
          ),
        )
      ).code,
    ).to.equal("MalformedPolicy");
  });

  it("wants Sids to differ, and takes an empty one for none, as MinIO's clients write it", async () => {
    const put = (...sids: string[]) =>
      s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket.name,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: sids.map((Sid) => ({
              Sid,
              Effect: "Allow",
              Principal: { AWS: ["*"] },
              Action: ["s3:GetObject"],
              Resource: [`arn:aws:s3:::${bucket.name}/*`],
            })),
          }),
        }),
      );
    expect((await put("", "", "a", "b")).$metadata.httpStatusCode).to.equal(204);
    expect((await refusal(put("a", "a"))).code).to.equal("MalformedPolicy");
  });
});

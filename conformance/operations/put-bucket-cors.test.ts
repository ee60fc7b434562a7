import { GetBucketCorsCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketCors", () => {
  const bucket = useBucket();

  const CORSConfiguration = {
    CORSRules: [
      {
        AllowedMethods: ["GET"],
        AllowedOrigins: ["https://a.example"],
        AllowedHeaders: ["*"],
        ExposeHeaders: ["ETag"],
        ID: "one",
        MaxAgeSeconds: 5,
      },
    ],
  };

  it("replaces what was there, and refuses a method that is none", async () => {
    await s3.send(
      new PutBucketCorsCommand({
        Bucket: bucket.name,
        CORSConfiguration: { CORSRules: [{ AllowedMethods: ["PUT"], AllowedOrigins: ["*"] }] },
      }),
    );
    await s3.send(new PutBucketCorsCommand({ Bucket: bucket.name, CORSConfiguration }));
    expect((await s3.send(new GetBucketCorsCommand({ Bucket: bucket.name }))).CORSRules).to.deep.equal(
      CORSConfiguration.CORSRules,
    );
    const wrong = { CORSRules: [{ AllowedMethods: ["PATCH"], AllowedOrigins: ["*"] }] };
    expect(
      (await refusal(s3.send(new PutBucketCorsCommand({ Bucket: bucket.name, CORSConfiguration: wrong })))).code,
    ).to.equal("InvalidRequest");
  });
});

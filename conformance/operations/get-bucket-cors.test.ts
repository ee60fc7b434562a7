import { GetBucketCorsCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketCors", () => {
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

  it("gives back every member of a rule, and NoSuchCORSConfiguration before", async () => {
    expect((await refusal(s3.send(new GetBucketCorsCommand({ Bucket: bucket.name })))).code).to.equal(
      "NoSuchCORSConfiguration",
    );
    await s3.send(new PutBucketCorsCommand({ Bucket: bucket.name, CORSConfiguration }));
    expect((await s3.send(new GetBucketCorsCommand({ Bucket: bucket.name }))).CORSRules).to.deep.equal(
      CORSConfiguration.CORSRules,
    );
  });
});

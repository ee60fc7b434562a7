import { DeleteBucketCorsCommand, GetBucketCorsCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("DeleteBucketCors", () => {
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

  it("leaves none, and is a success where there was none", async () => {
    await s3.send(new PutBucketCorsCommand({ Bucket: bucket.name, CORSConfiguration }));
    for (let i = 0; i < 2; i++)
      expect((await s3.send(new DeleteBucketCorsCommand({ Bucket: bucket.name }))).$metadata.httpStatusCode).to.equal(
        204,
      );
    expect((await refusal(s3.send(new GetBucketCorsCommand({ Bucket: bucket.name })))).code).to.equal(
      "NoSuchCORSConfiguration",
    );
  });
});

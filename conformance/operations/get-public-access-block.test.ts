import { GetPublicAccessBlockCommand, PutPublicAccessBlockCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetPublicAccessBlock", () => {
  const bucket = useBucket();

  const configuration = {
    BlockPublicAcls: true,
    IgnorePublicAcls: false,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: false,
  };

  it("takes what a document leaves out as false, and refuses a bucket that is missing", async () => {
    await s3.send(
      new PutPublicAccessBlockCommand({
        Bucket: bucket.name,
        PublicAccessBlockConfiguration: { BlockPublicPolicy: configuration.BlockPublicPolicy },
      }),
    );
    expect(
      (await s3.send(new GetPublicAccessBlockCommand({ Bucket: bucket.name }))).PublicAccessBlockConfiguration,
    ).to.deep.equal({ ...configuration, BlockPublicAcls: false });
    expect((await refusal(s3.send(new GetPublicAccessBlockCommand({ Bucket: `${bucket.name}-none` })))).code).to.equal(
      "NoSuchBucket",
    );
  });
});

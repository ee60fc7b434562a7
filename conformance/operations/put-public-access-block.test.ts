import { GetPublicAccessBlockCommand, PutPublicAccessBlockCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { s3, useBucket } from "../support/target.js";

describe("PutPublicAccessBlock", () => {
  const bucket = useBucket();

  const configuration = {
    BlockPublicAcls: true,
    IgnorePublicAcls: false,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: false,
  };

  it("sets each of the four by itself", async () => {
    await s3.send(
      new PutPublicAccessBlockCommand({ Bucket: bucket.name, PublicAccessBlockConfiguration: configuration }),
    );
    expect(
      (await s3.send(new GetPublicAccessBlockCommand({ Bucket: bucket.name }))).PublicAccessBlockConfiguration,
    ).to.deep.equal(configuration);
  });
});

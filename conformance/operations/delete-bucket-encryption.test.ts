import {
  DeleteBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  PutBucketEncryptionCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { s3, useBucket } from "../support/target.js";

describe("DeleteBucketEncryption", () => {
  const bucket = useBucket();
  const algorithm = () =>
    s3.send(new GetBucketEncryptionCommand({ Bucket: bucket.name })).then(
      ({ ServerSideEncryptionConfiguration }) =>
        ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      (error: unknown) => (error as Error).name,
    );

  it("goes back to the endpoint's default, also where nothing was set", async () => {
    const before = await algorithm();
    await s3.send(
      new PutBucketEncryptionCommand({
        Bucket: bucket.name,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
        },
      }),
    );
    expect(await algorithm()).to.equal("aws:kms");
    const { $metadata } = await s3.send(new DeleteBucketEncryptionCommand({ Bucket: bucket.name }));
    expect($metadata.httpStatusCode).to.equal(204);
    expect(await algorithm()).to.equal(before);
    await s3.send(new DeleteBucketEncryptionCommand({ Bucket: bucket.name }));
  });
});

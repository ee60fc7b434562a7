import { GetBucketEncryptionCommand, PutBucketEncryptionCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketEncryption", () => {
  const bucket = useBucket();
  const get = (client = s3, Bucket = bucket.name) => client.send(new GetBucketEncryptionCommand({ Bucket }));

  it("answers the endpoint's default, or that there is none", async () => {
    const answer = await get().then(
      ({ ServerSideEncryptionConfiguration }) =>
        ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      (error: unknown) => (error as Error).name,
    );
    expect(answer).to.be.oneOf(["AES256", "ServerSideEncryptionConfigurationNotFoundError"]);
  });

  it("answers what was set", async () => {
    const Rules = [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const }, BucketKeyEnabled: false },
    ];
    await s3.send(
      new PutBucketEncryptionCommand({ Bucket: bucket.name, ServerSideEncryptionConfiguration: { Rules } }),
    );
    expect((await get()).ServerSideEncryptionConfiguration?.Rules).to.deep.equal(Rules);
  });

  it("is refused for another's bucket and for none", async () => {
    const alt = altClient();
    expect(await refusal(get(alt))).to.include({ code: "AccessDenied", status: 403 });
    expect(await refusal(get(s3, freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    alt.destroy();
  });
});

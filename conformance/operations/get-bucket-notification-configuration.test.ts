import { GetBucketNotificationConfigurationCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketNotificationConfiguration", () => {
  const bucket = useBucket();

  it("answers an empty one where none was set", async () => {
    const { QueueConfigurations, TopicConfigurations } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: bucket.name }),
    );
    expect([QueueConfigurations, TopicConfigurations]).to.deep.equal([undefined, undefined]);
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: freshName() })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
    expect(
      (await refusal(altClient().send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket.name })))).status,
    ).to.equal(403);
  });
});

import { GetBucketLoggingCommand, PutBucketLoggingCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketLogging", () => {
  const bucket = useBucket();

  it("is empty where there is no logging, and gives back what was set until it is turned off", async () => {
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket: bucket.name }))).LoggingEnabled).to.equal(undefined);
    const LoggingEnabled = {
      TargetBucket: bucket.name,
      TargetPrefix: "logs/&",
      TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" as const } },
    };
    await s3.send(new PutBucketLoggingCommand({ Bucket: bucket.name, BucketLoggingStatus: { LoggingEnabled } }));
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket: bucket.name }))).LoggingEnabled).to.deep.equal(
      LoggingEnabled,
    );
    await s3.send(new PutBucketLoggingCommand({ Bucket: bucket.name, BucketLoggingStatus: {} }));
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket: bucket.name }))).LoggingEnabled).to.equal(undefined);
  });

  it("is refused to others, and where there is no bucket", async () => {
    expect((await refusal(altClient().send(new GetBucketLoggingCommand({ Bucket: bucket.name })))).status).to.equal(
      403,
    );
    expect((await refusal(s3.send(new GetBucketLoggingCommand({ Bucket: freshName() })))).code).to.equal(
      "NoSuchBucket",
    );
  });
});

import { GetBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketLifecycleConfiguration", () => {
  const bucket = useBucket();

  it("answers NoSuchLifecycleConfiguration before there are rules", async () => {
    const get = s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name }));
    expect(await refusal(get)).to.include({ code: "NoSuchLifecycleConfiguration", status: 404 });
  });
});

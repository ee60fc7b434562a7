import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("DeleteBucketLifecycle", () => {
  const bucket = useBucket();

  it("removes the rules, and succeeds where there are none", async () => {
    const LifecycleConfiguration = {
      Rules: [{ Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 1 } }],
    };
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket.name, LifecycleConfiguration }));
    for (let time = 0; time < 2; time++) {
      expect(
        (await s3.send(new DeleteBucketLifecycleCommand({ Bucket: bucket.name }))).$metadata.httpStatusCode,
      ).to.equal(204);
      const get = s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name }));
      expect((await refusal(get)).code).to.equal("NoSuchLifecycleConfiguration");
    }
  });
});

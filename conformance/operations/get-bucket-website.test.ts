import { GetBucketWebsiteCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketWebsite", () => {
  const bucket = useBucket();

  it("answers NoSuchWebsiteConfiguration where none was set, NoSuchBucket and AccessDenied", async () => {
    expect(await refusal(s3.send(new GetBucketWebsiteCommand({ Bucket: bucket.name })))).to.include({
      code: "NoSuchWebsiteConfiguration",
      status: 404,
    });
    expect(await refusal(s3.send(new GetBucketWebsiteCommand({ Bucket: freshName() })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
    expect((await refusal(altClient().send(new GetBucketWebsiteCommand({ Bucket: bucket.name })))).status).to.equal(
      403,
    );
  });
});

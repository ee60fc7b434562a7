import { GetBucketTaggingCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketTagging", () => {
  const bucket = useBucket();

  it("answers NoSuchTagSet before there are tags", async () => {
    expect(await refusal(s3.send(new GetBucketTaggingCommand({ Bucket: bucket.name })))).to.include({
      code: "NoSuchTagSet",
      status: 404,
    });
  });
});

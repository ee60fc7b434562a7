import { DeleteBucketTaggingCommand, GetBucketTaggingCommand, PutBucketTaggingCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("DeleteBucketTagging", () => {
  const bucket = useBucket();

  it("removes the tags, and succeeds where there are none", async () => {
    await s3.send(
      new PutBucketTaggingCommand({ Bucket: bucket.name, Tagging: { TagSet: [{ Key: "a", Value: "1" }] } }),
    );
    for (let time = 0; time < 2; time++) {
      expect(
        (await s3.send(new DeleteBucketTaggingCommand({ Bucket: bucket.name }))).$metadata.httpStatusCode,
      ).to.equal(204);
      expect((await refusal(s3.send(new GetBucketTaggingCommand({ Bucket: bucket.name })))).code).to.equal(
        "NoSuchTagSet",
      );
    }
  });
});

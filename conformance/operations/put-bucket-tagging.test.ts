import { GetBucketTaggingCommand, PutBucketTaggingCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketTagging", () => {
  const bucket = useBucket();
  const put = (TagSet: { Key: string; Value: string }[], Bucket = bucket.name) =>
    s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));

  it("replaces all tags of the bucket", async () => {
    await put([{ Key: "a", Value: "1" }]);
    await put([{ Key: "b c", Value: "" }]);
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket: bucket.name }))).TagSet).to.deep.equal([
      { Key: "b c", Value: "" },
    ]);
  });

  it("takes 50 tags and refuses more, repeated keys and strange characters", async () => {
    const tags = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
    await put(tags.slice(1));
    expect((await refusal(put(tags))).status).to.equal(400);
    expect(
      await refusal(
        put([
          { Key: "a", Value: "1" },
          { Key: "a", Value: "2" },
        ]),
      ),
    ).to.include({ code: "InvalidTag", status: 400 });
    expect(await refusal(put([{ Key: "a?", Value: "1" }]))).to.include({ code: "InvalidTag", status: 400 });
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(put([], freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(
      (await refusal(altClient().send(new PutBucketTaggingCommand({ Bucket: bucket.name, Tagging: { TagSet: [] } }))))
        .status,
    ).to.equal(403);
  });
});

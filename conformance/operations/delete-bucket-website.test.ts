import { DeleteBucketWebsiteCommand, GetBucketWebsiteCommand, PutBucketWebsiteCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("DeleteBucketWebsite", () => {
  const bucket = useBucket();
  const remove = (Bucket = bucket.name) => s3.send(new DeleteBucketWebsiteCommand({ Bucket }));

  it("removes the configuration, and is a success where there is none", async () => {
    await s3.send(
      new PutBucketWebsiteCommand({
        Bucket: bucket.name,
        WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" } },
      }),
    );
    expect((await remove()).$metadata.httpStatusCode).to.equal(204);
    expect(await refusal(s3.send(new GetBucketWebsiteCommand({ Bucket: bucket.name })))).to.include({
      code: "NoSuchWebsiteConfiguration",
      status: 404,
    });
    expect((await remove()).$metadata.httpStatusCode).to.equal(204);
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(remove(freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    expect((await refusal(altClient().send(new DeleteBucketWebsiteCommand({ Bucket: bucket.name })))).status).to.equal(
      403,
    );
  });
});

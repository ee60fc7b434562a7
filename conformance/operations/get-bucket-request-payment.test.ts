import { GetBucketRequestPaymentCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketRequestPayment", () => {
  const bucket = useBucket();

  it("names the bucket's owner where nothing was set, to the owner alone", async () => {
    expect((await s3.send(new GetBucketRequestPaymentCommand({ Bucket: bucket.name }))).Payer).to.equal("BucketOwner");
    expect(
      (await refusal(altClient().send(new GetBucketRequestPaymentCommand({ Bucket: bucket.name })))).status,
    ).to.equal(403);
    expect((await refusal(s3.send(new GetBucketRequestPaymentCommand({ Bucket: freshName() })))).code).to.equal(
      "NoSuchBucket",
    );
  });
});

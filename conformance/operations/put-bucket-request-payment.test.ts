import { GetBucketRequestPaymentCommand, PutBucketRequestPaymentCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { s3, useBucket } from "../support/target.js";

describe("PutBucketRequestPayment", () => {
  const bucket = useBucket();

  it("lets the bucket's owner pay, and refuses what is no payer", async () => {
    await s3.send(new PutBucketRequestPaymentCommand({ Bucket: bucket.name, RequestPaymentConfiguration: { Payer: "BucketOwner" } }));
    expect((await s3.send(new GetBucketRequestPaymentCommand({ Bucket: bucket.name }))).Payer).to.equal("BucketOwner");
    const body = "<RequestPaymentConfiguration><Payer>Nobody</Payer></RequestPaymentConfiguration>";
    expect(await send({ method: "PUT", path: `/${bucket.name}?requestPayment`, body })).to.include({ status: 400, code: "MalformedXML" });
  });
});

import {
  DeletePublicAccessBlockCommand,
  GetBucketRequestPaymentCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutObjectCommand,
  type Payer,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketRequestPayment", () => {
  const bucket = useBucket();
  const put = (Payer: Payer) =>
    s3.send(new PutBucketRequestPaymentCommand({ Bucket: bucket.name, RequestPaymentConfiguration: { Payer } }));
  const payer = async () => (await s3.send(new GetBucketRequestPaymentCommand({ Bucket: bucket.name }))).Payer;

  it("lets the bucket's owner or the requester pay, and refuses what is no payer", async () => {
    await put("Requester");
    expect(await payer()).to.equal("Requester");
    await put("BucketOwner");
    expect(await payer()).to.equal("BucketOwner");
    const body = "<RequestPaymentConfiguration><Payer>Nobody</Payer></RequestPaymentConfiguration>";
    expect(await send({ method: "PUT", path: `/${bucket.name}?requestPayment`, body })).to.include({
      status: 400,
      code: "MalformedXML",
    });
  });

  it("refuses, where the requester pays, who is not known and who does not say that it pays, but never the owner", async () => {
    const at = { Bucket: bucket.name, Key: "k" };
    const alt = altClient();
    const anonymous = async (headers = {}) =>
      (
        await send({
          method: "GET",
          path: `/${bucket.name}/k`,
          sign: false,
          headers,
          tamper: (sent) => delete sent["x-amz-content-sha256"],
        })
      ).status;
    const allow = (Action: string, Resource: string) => ({
      Effect: "Allow",
      Principal: "*",
      Action,
      Resource: `arn:aws:s3:::${Resource}`,
    });
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket.name,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [allow("s3:GetObject", `${bucket.name}/*`), allow("s3:ListBucket", bucket.name)],
        }),
      }),
    );
    await s3.send(new PutObjectCommand({ ...at, Body: "x" }));
    expect(await anonymous()).to.equal(200);
    await put("Requester");
    expect([await anonymous(), await anonymous({ "x-amz-request-payer": "requester" })]).to.deep.equal([403, 403]);
    expect((await refusal(alt.send(new HeadObjectCommand(at)))).status).to.equal(403);
    expect((await refusal(alt.send(new ListObjectsV2Command({ Bucket: bucket.name })))).status).to.equal(403);
    await alt.send(new GetObjectCommand({ ...at, RequestPayer: "requester" }));
    await alt.send(new ListObjectsV2Command({ Bucket: bucket.name, RequestPayer: "requester" }));
    await s3.send(new GetObjectCommand(at));
    await put("BucketOwner");
    expect(await anonymous()).to.equal(200);
    alt.destroy();
  });
});

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketAclCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, client, freshName, refusal, removeBucket, s3, useBucket } from "../support/target.js";

describe("CreateBucket", () => {
  const bucket = useBucket();

  it("answers with the bucket's location", async () => {
    const name = freshName();
    const { Location } = await s3.send(new CreateBucketCommand({ Bucket: name }));
    expect(Location).to.equal(`/${name}`);
    await s3.send(new HeadBucketCommand({ Bucket: name }));
    await s3.send(new DeleteBucketCommand({ Bucket: name }));
  });

  it("lets the owner create it again, as us-east-1 does", async () => {
    const { $metadata } = await s3.send(new CreateBucketCommand({ Bucket: bucket.name }));
    expect($metadata.httpStatusCode).to.equal(200);
  });

  it("sets the ACL anew when the owner creates it again", async () => {
    const grants = async () => (await s3.send(new GetBucketAclCommand({ Bucket: bucket.name }))).Grants?.length;
    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket.name,
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
    );
    await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "log-delivery-write" as "private" }));
    expect(await grants()).to.equal(3);
    await s3.send(new CreateBucketCommand({ Bucket: bucket.name }));
    expect(await grants()).to.equal(1);
  });

  it("gives the bucket the tags that come with it", async () => {
    const name = freshName();
    await s3.send(
      new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { Tags: [{ Key: "team", Value: "blue" }] } }),
    );
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket: name }))).TagSet).to.deep.equal([
      { Key: "team", Value: "blue" },
    ]);
    await removeBucket(name);
  });

  it("refuses a name that another account owns", async () => {
    expect(await refusal(altClient().send(new CreateBucketCommand({ Bucket: bucket.name })))).to.include({
      code: "BucketAlreadyExists",
      status: 409,
    });
  });

  for (const name of [
    "ab",
    "a".repeat(64),
    "Upper",
    "under_score",
    "two..dots",
    "192.168.5.4",
    "-hyphen",
    "hyphen-",
    "dot.-hyphen",
  ]) {
    it(`refuses the name ${name}`, async () => {
      expect(await refusal(s3.send(new CreateBucketCommand({ Bucket: name })))).to.include({
        code: "InvalidBucketName",
        status: 400,
      });
    });
  }

  it("takes names with dots", async () => {
    const name = `${freshName()}.with.dots`;
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    await removeBucket(name);
  });

  it("refuses a location it does not have", async () => {
    const call = client().send(
      new CreateBucketCommand({ Bucket: freshName(), CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }),
    );
    expect(await refusal(call)).to.include({ status: 400 });
  });
});

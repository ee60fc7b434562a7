import { GetBucketVersioningCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetBucketVersioning", () => {
  const bucket = useBucket();

  it("has an empty document for a bucket that never had versioning", async () => {
    const { Status, MFADelete } = await s3.send(new GetBucketVersioningCommand({ Bucket: bucket.name }));
    expect({ Status, MFADelete }).to.deep.equal({ Status: undefined, MFADelete: undefined });
    expect((await send({ method: "GET", path: `/${bucket.name}?versioning` })).body).to.contain(
      "<VersioningConfiguration",
    );
  });

  it("refuses a bucket that is not there", async () => {
    expect(await refusal(s3.send(new GetBucketVersioningCommand({ Bucket: freshName() })))).to.include({
      code: "NoSuchBucket",
      status: 404,
    });
  });
});

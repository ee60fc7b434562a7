import { CreateBucketCommand, GetBucketOwnershipControlsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { freshName, removeBucket, s3, useBucket } from "../support/target.js";

describe("GetBucketOwnershipControls", () => {
  const bucket = useBucket();

  it("says what the bucket was created with", async () => {
    expect(
      (await s3.send(new GetBucketOwnershipControlsCommand({ Bucket: bucket.name }))).OwnershipControls?.Rules,
    ).to.have.length(1);
    const Bucket = freshName();
    await s3.send(new CreateBucketCommand({ Bucket, ObjectOwnership: "ObjectWriter" }));
    const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    await removeBucket(Bucket);
    expect(OwnershipControls?.Rules).to.deep.equal([{ ObjectOwnership: "ObjectWriter" }]);
  });
});

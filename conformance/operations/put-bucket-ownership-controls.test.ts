import { GetBucketOwnershipControlsCommand, PutBucketOwnershipControlsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketOwnershipControls", () => {
  const bucket = useBucket();

  it("takes each of the three, and no other", async () => {
    for (const ObjectOwnership of ["ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"] as const) {
      await s3.send(
        new PutBucketOwnershipControlsCommand({
          Bucket: bucket.name,
          OwnershipControls: { Rules: [{ ObjectOwnership }] },
        }),
      );
      expect(
        (await s3.send(new GetBucketOwnershipControlsCommand({ Bucket: bucket.name }))).OwnershipControls?.Rules,
      ).to.deep.equal([{ ObjectOwnership }]);
    }
    const wrong = { Rules: [{ ObjectOwnership: "Nobody" as "ObjectWriter" }] };
    expect(
      (await refusal(s3.send(new PutBucketOwnershipControlsCommand({ Bucket: bucket.name, OwnershipControls: wrong }))))
        .code,
    ).to.equal("MalformedXML");
  });
});

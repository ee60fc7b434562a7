import {
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketAcl", () => {
  const bucket = useBucket();

  before(async () => {
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket.name,
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
    );
  });

  it("takes a canned ACL, and refuses one that does not exist", async () => {
    await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "public-read" }));
    const { Grants } = await s3.send(new GetBucketAclCommand({ Bucket: bucket.name }));
    expect(Grants?.[1]).to.deep.equal({
      Grantee: { Type: "Group", URI: "http://acs.amazonaws.com/groups/global/AllUsers" },
      Permission: "READ",
    });
    expect(
      (await refusal(s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "everyone" as "private" })))).code,
    ).to.equal("InvalidArgument");
  });
});

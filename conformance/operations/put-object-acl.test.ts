import {
  DeletePublicAccessBlockCommand,
  GetObjectAclCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutObjectAcl", () => {
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

  it("takes grants in headers, and refuses an object that is missing", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    await s3.send(
      new PutObjectAclCommand({
        Bucket: bucket.name,
        Key: "k",
        GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"',
      }),
    );
    const { Grants } = await s3.send(new GetObjectAclCommand({ Bucket: bucket.name, Key: "k" }));
    expect(Grants?.map(({ Grantee, Permission }) => [Grantee?.URI, Permission])).to.deep.equal([
      ["http://acs.amazonaws.com/groups/global/AuthenticatedUsers", "READ"],
    ]);
    expect(
      (await refusal(s3.send(new PutObjectAclCommand({ Bucket: bucket.name, Key: "none", ACL: "private" })))).code,
    ).to.equal("NoSuchKey");
  });
});

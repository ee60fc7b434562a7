import { GetBucketAclCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { s3, useBucket } from "../support/target.js";

describe("GetBucketAcl", () => {
  const bucket = useBucket();

  it("names the owner, who has full control", async () => {
    const { Owner, Grants } = await s3.send(new GetBucketAclCommand({ Bucket: bucket.name }));
    expect(Owner?.ID).to.be.a("string").and.not.equal("");
    expect(Grants?.map(({ Grantee, Permission }) => [Grantee?.Type, Grantee?.ID, Permission])).to.deep.equal([
      ["CanonicalUser", Owner?.ID, "FULL_CONTROL"],
    ]);
  });
});

import { GetObjectAclCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetObjectAcl", () => {
  const bucket = useBucket();

  it("names the owner, who has full control, and refuses an object that is missing", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    const { Owner, Grants } = await s3.send(new GetObjectAclCommand({ Bucket: bucket.name, Key: "k" }));
    expect(Grants?.map(({ Grantee, Permission }) => [Grantee?.ID, Permission])).to.deep.equal([
      [Owner?.ID, "FULL_CONTROL"],
    ]);
    expect((await refusal(s3.send(new GetObjectAclCommand({ Bucket: bucket.name, Key: "none" })))).code).to.equal(
      "NoSuchKey",
    );
  });
});

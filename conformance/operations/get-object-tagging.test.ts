import { GetObjectTaggingCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetObjectTagging", () => {
  const bucket = useBucket();

  it("has an empty set for an object without tags", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket: bucket.name, Key: "k" }))).TagSet).to.deep.equal([]);
  });

  it("refuses an object that is not there", async () => {
    expect(await refusal(s3.send(new GetObjectTaggingCommand({ Bucket: bucket.name, Key: "absent" })))).to.include({
      code: "NoSuchKey",
      status: 404,
    });
  });
});

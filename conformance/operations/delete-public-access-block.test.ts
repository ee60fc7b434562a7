import { DeletePublicAccessBlockCommand, GetPublicAccessBlockCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("DeletePublicAccessBlock", () => {
  const bucket = useBucket();

  it("leaves none, and is a success where there was none", async () => {
    for (let i = 0; i < 2; i++)
      expect(
        (await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }))).$metadata.httpStatusCode,
      ).to.equal(204);
    expect((await refusal(s3.send(new GetPublicAccessBlockCommand({ Bucket: bucket.name })))).code).to.equal(
      "NoSuchPublicAccessBlockConfiguration",
    );
  });
});

import {
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { s3, useBucket } from "../support/target.js";

describe("DeleteObjectTagging", () => {
  const bucket = useBucket();

  it("removes every tag and leaves the object", async () => {
    const at = { Bucket: bucket.name, Key: "k" };
    await s3.send(new PutObjectCommand({ ...at, Body: "x", Tagging: "a=1" }));
    expect((await s3.send(new DeleteObjectTaggingCommand(at))).$metadata.httpStatusCode).to.equal(204);
    expect((await s3.send(new GetObjectTaggingCommand(at))).TagSet).to.deep.equal([]);
    expect((await s3.send(new HeadObjectCommand(at))).TagCount).to.equal(undefined);
  });
});

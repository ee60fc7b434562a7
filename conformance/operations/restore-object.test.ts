import { HeadObjectCommand, PutObjectCommand, RestoreObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("RestoreObject", () => {
  const bucket = useBucket();
  const restore = (Key: string) =>
    s3.send(new RestoreObjectCommand({ Bucket: bucket.name, Key, RestoreRequest: { Days: 1 } }));

  it("has nothing to do for an object in an archive class, which says that it can be read", async () => {
    for (const StorageClass of ["GLACIER", "DEEP_ARCHIVE"] as const) {
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: StorageClass, Body: "x", StorageClass }));
      expect((await restore(StorageClass)).$metadata.httpStatusCode).to.equal(200);
      expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: StorageClass }))).Restore).to.match(
        /^ongoing-request="false"/,
      );
    }
  });

  it("refuses an object of another class and one that is not there", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "plain", Body: "x" }));
    expect(await refusal(restore("plain"))).to.include({ code: "InvalidObjectState", status: 403 });
    expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "plain" }))).Restore).to.equal(undefined);
    expect(await refusal(restore("absent"))).to.include({ code: "NoSuchKey", status: 404 });
  });
});

import { GetObjectLegalHoldCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { useLockableBucket } from "../support/lockable.js";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetObjectLegalHold", () => {
  const { bucket, put, hold } = useLockableBucket();
  const plain = useBucket();
  const get = (Bucket = bucket.name) => s3.send(new GetObjectLegalHoldCommand({ Bucket, Key: "k" }));

  it("tells whether a hold was set, and that none ever was", async () => {
    await put("k");
    expect(await refusal(get())).to.include({ code: "NoSuchObjectLockConfiguration", status: 404 });
    await hold("k", "ON");
    expect((await get()).LegalHold).to.deep.equal({ Status: "ON" });
    await hold("k", "OFF");
    expect((await get()).LegalHold).to.deep.equal({ Status: "OFF" });
  });

  it("refuses a bucket without object lock", async () => {
    await s3.send(new PutObjectCommand({ Bucket: plain.name, Key: "k", Body: "x" }));
    expect(await refusal(get(plain.name))).to.include({ code: "InvalidRequest", status: 400 });
  });
});

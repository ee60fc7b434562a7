import { createHash } from "node:crypto";
import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { useLockableBucket } from "../support/lockable.js";
import { send } from "../support/signed.js";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutObjectLockConfiguration", () => {
  const { bucket, put } = useLockableBucket();
  const plain = useBucket();
  const configure = (
    DefaultRetention: { Mode?: "GOVERNANCE" | "COMPLIANCE"; Days?: number; Years?: number },
    Bucket = bucket.name,
  ) =>
    s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } },
      }),
    );

  it("retains what is written from then on", async () => {
    await configure({ Mode: "GOVERNANCE", Days: 2 });
    const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket: bucket.name }));
    expect(ObjectLockConfiguration).to.deep.equal({
      ObjectLockEnabled: "Enabled",
      Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 2 } },
    });
    await put("k");
    const { ObjectLockMode, ObjectLockRetainUntilDate } = await s3.send(
      new HeadObjectCommand({ Bucket: bucket.name, Key: "k" }),
    );
    expect(ObjectLockMode).to.equal("GOVERNANCE");
    expect(Number(ObjectLockRetainUntilDate) - Date.now()).to.be.within(47 * 3_600_000, 49 * 3_600_000);
  });

  it("keeps versioning enabled", async () => {
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: bucket.name }))).Status).to.equal("Enabled");
    const suspend = s3.send(
      new PutBucketVersioningCommand({ Bucket: bucket.name, VersioningConfiguration: { Status: "Suspended" } }),
    );
    expect(await refusal(suspend)).to.include({ code: "InvalidBucketState", status: 409 });
  });

  it("refuses a bucket without versioning, and periods that are none", async () => {
    expect(await refusal(configure({ Mode: "GOVERNANCE", Days: 1 }, plain.name))).to.include({
      code: "InvalidBucketState",
      status: 409,
    });
    expect((await refusal(configure({ Mode: "GOVERNANCE", Days: 0 }))).status).to.equal(400);
    expect(await refusal(configure({ Mode: "GOVERNANCE", Days: 1, Years: 1 }))).to.include({
      code: "MalformedXML",
      status: 400,
    });
    expect(await refusal(configure({ Days: 1 }))).to.include({ code: "MalformedXML", status: 400 });
    const body = "<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>";
    expect(
      await send({
        method: "PUT",
        path: `/${bucket.name}?object-lock`,
        body,
        headers: { "x-amz-checksum-sha256": createHash("sha256").update(body).digest("base64") },
      }),
    ).to.include({ code: "MalformedXML", status: 400 });
  });
});

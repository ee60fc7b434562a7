import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { inAnHour, useLockableBucket } from "../support/lockable.js";
import { send } from "../support/signed.js";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutObjectRetention", () => {
  const { bucket, put, retain } = useLockableBucket();
  const plain = useBucket();
  const remove = (Key: string, VersionId: string, BypassGovernanceRetention = false) =>
    s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key, VersionId, BypassGovernanceRetention }));

  it("keeps a version from being deleted, but not from being hidden", async () => {
    const version = await put("k");
    const until = inAnHour();
    await retain("k", until);
    const { ObjectLockMode, ObjectLockRetainUntilDate } = await s3.send(
      new HeadObjectCommand({ Bucket: bucket.name, Key: "k" }),
    );
    expect({ ObjectLockMode, ObjectLockRetainUntilDate }).to.deep.equal({
      ObjectLockMode: "GOVERNANCE",
      ObjectLockRetainUntilDate: until,
    });
    expect(await refusal(remove("k", version))).to.include({ code: "AccessDenied", status: 403 });
    expect((await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" }))).DeleteMarker).to.equal(true);
    expect((await remove("k", version, true)).VersionId).to.equal(version);
  });

  it("may be prolonged, and shortened only where governance is bypassed", async () => {
    await put("change");
    await retain("change", inAnHour());
    const later = new Date(inAnHour().getTime() + 3_600_000);
    await retain("change", later);
    expect(await refusal(retain("change", inAnHour()))).to.include({ code: "AccessDenied", status: 403 });
    await retain("change", inAnHour(), true);
  });

  it("comes with an object too, and only whole", async () => {
    const until = inAnHour();
    const withHeaders = (more: object, Bucket = bucket.name) =>
      s3.send(new PutObjectCommand({ Bucket, Key: "header", Body: "x", ChecksumAlgorithm: "CRC32", ...more }));
    const { VersionId = "" } = await withHeaders({ ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: until });
    expect(await refusal(remove("header", VersionId))).to.include({ code: "AccessDenied", status: 403 });
    expect(await refusal(withHeaders({ ObjectLockMode: "GOVERNANCE" }))).to.include({
      code: "InvalidArgument",
      status: 400,
    });
    expect(
      (await refusal(withHeaders({ ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: until }, plain.name)))
        .status,
    ).to.equal(400);
  });

  it("refuses a date in the past, an unknown mode and a bucket without object lock", async () => {
    await put("wrong");
    expect(await refusal(retain("wrong", new Date(0)))).to.include({ code: "InvalidArgument", status: 400 });
    const Retention = { Mode: "FOREVER" as "GOVERNANCE", RetainUntilDate: inAnHour() };
    expect(
      await refusal(s3.send(new PutObjectRetentionCommand({ Bucket: bucket.name, Key: "wrong", Retention }))),
    ).to.include({ code: "MalformedXML", status: 400 });
    await s3.send(new PutObjectCommand({ Bucket: plain.name, Key: "k", Body: "x" }));
    const lockless = new PutObjectRetentionCommand({
      Bucket: plain.name,
      Key: "k",
      Retention: { Mode: "GOVERNANCE", RetainUntilDate: inAnHour() },
    });
    expect(await refusal(s3.send(lockless))).to.include({ code: "InvalidRequest", status: 400 });
  });

  it("asks for a document, however empty: an empty Retention removes what is there", async () => {
    await put("emptied");
    await retain("emptied", inAnHour());
    const set = (body: string) =>
      send({
        method: "PUT",
        path: `/${bucket.name}/emptied?retention`,
        body,
        headers: {
          "x-amz-bypass-governance-retention": "true",
          "content-md5": createHash("md5").update(body).digest("base64"),
        },
      });
    expect(await set("")).to.include({ status: 400, code: "MalformedXML" });
    expect(
      await send({ method: "PUT", path: `/${bucket.name}/emptied?retention`, headers: { "content-length": "0" } }),
    ).to.include({ status: 400, code: "MalformedXML" });
    const kept = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "emptied" }));
    expect(kept.ObjectLockMode).to.equal("GOVERNANCE");
    expect((await set("<Retention/>")).status).to.equal(200);
    const freed = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "emptied" }));
    expect(freed.ObjectLockMode).to.equal(undefined);
  });

  it("is not bypassed in a bucket without object lock, and nothing is deleted there", async () => {
    const at = { Bucket: plain.name, Key: "lockless" };
    await s3.send(new PutObjectCommand({ ...at, Body: "x" }));
    const one = s3.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: true }));
    expect(await refusal(one)).to.include({ code: "InvalidArgument", status: 400 });
    const several = s3.send(
      new DeleteObjectsCommand({
        Bucket: plain.name,
        BypassGovernanceRetention: true,
        Delete: { Objects: [{ Key: "lockless" }] },
      }),
    );
    expect(await refusal(several)).to.include({ code: "InvalidArgument", status: 400 });
    await s3.send(new HeadObjectCommand(at));
    await s3.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: false }));
    expect((await refusal(s3.send(new HeadObjectCommand(at)))).status).to.equal(404);
  });
});

import { DeleteObjectCommand, DeleteObjectsCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { useLockableBucket } from "../support/lockable.js";
import { send } from "../support/signed.js";
import { refusal, s3 } from "../support/target.js";

describe("PutObjectLegalHold", () => {
  const { bucket, put, hold } = useLockableBucket();

  it("keeps a version, whatever is bypassed, until the hold ends", async () => {
    const VersionId = await put("k");
    await hold("k", "ON");
    const at = { Bucket: bucket.name, Key: "k", VersionId };
    expect((await s3.send(new HeadObjectCommand(at))).ObjectLockLegalHoldStatus).to.equal("ON");
    expect(await refusal(s3.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: true })))).to.include({
      code: "AccessDenied",
      status: 403,
    });
    const { Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects: [{ Key: "k", VersionId }] } }),
    );
    expect(Errors?.map(({ Key, Code }) => ({ Key, Code }))).to.deep.equal([{ Key: "k", Code: "AccessDenied" }]);
    await hold("k", "OFF", VersionId);
    await s3.send(new DeleteObjectCommand(at));
  });

  it("refuses no document, and what is no status", async () => {
    await put("wrong");
    expect(await send({ method: "PUT", path: `/${bucket.name}/wrong?legal-hold` })).to.include({
      status: 400,
      code: "MalformedXML",
    });
    const answer = await send({
      method: "PUT",
      path: `/${bucket.name}/wrong?legal-hold`,
      body: "<LegalHold><Status>abc</Status></LegalHold>",
      headers: { "content-md5": "WlXTCFVl2KefRXR2HfUZ8A==" },
    });
    expect(answer).to.include({ status: 400, code: "MalformedXML" });
  });
});

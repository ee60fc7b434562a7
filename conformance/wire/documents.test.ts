import { createHash } from "node:crypto";
import { CreateMultipartUploadCommand, PutObjectLockConfigurationCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { useLockableBucket } from "../support/lockable.js";
import { send } from "../support/signed.js";
import { freshName, s3, useBucket } from "../support/target.js";

const md5 = (text: string) => createHash("md5").update(text).digest("base64");

describe("documents", () => {
  const bucket = useBucket();

  it("that change much or for long must come with Content-MD5 or a checksum", async () => {
    const cases: readonly [string, string, string][] = [
      ["POST", "?delete", "<Delete><Object><Key>k</Key></Object></Delete>"],
      [
        "PUT",
        "?cors",
        "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>",
      ],
      [
        "PUT",
        "?lifecycle",
        "<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix>x</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>",
      ],
      ["PUT", "?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"],
    ];
    for (const [method, query, body] of cases) {
      const path = `/${bucket.name}${query}`;
      const bare = await send({ method, path, body });
      expect(bare, query).to.include({ status: 400, code: "InvalidRequest" });
      expect(bare.body).to.include("Content-MD5");
      expect((await send({ method, path, body, headers: { "content-md5": md5(body) } })).status, query).to.be.oneOf([
        200, 204,
      ]);
      const sha256 = createHash("sha256").update(body).digest("base64");
      expect(
        (await send({ method, path, body, headers: { "x-amz-checksum-sha256": sha256 } })).status,
        query,
      ).to.be.oneOf([200, 204]);
    }
  });
});

describe("bodies that are to be locked", () => {
  const { bucket } = useLockableBucket();
  const signed = (path: string, headers: Record<string, string> = {}) =>
    send({ method: "PUT", path: `/${bucket.name}/${path}`, body: "x", headers });
  const put = (path: string, headers: Record<string, string> = {}) =>
    signed(path, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...headers });
  const bare = { status: 400, code: "InvalidRequest" };

  it("must come with Content-MD5, a checksum or a signed SHA-256, whether the request, the upload or the bucket locks them", async () => {
    const hold = { "x-amz-object-lock-legal-hold": "OFF" };
    expect(await put("key", hold)).to.include(bare);
    expect((await put("key", { ...hold, "content-md5": md5("x") })).status).to.equal(200);
    expect((await signed("key", hold)).status, "its bytes are signed").to.equal(200);
    expect((await put("key")).status, "nothing locks it").to.equal(200);
    const { UploadId = "" } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: "held", ObjectLockLegalHoldStatus: "OFF" }),
    );
    expect(await put(`held?partNumber=1&uploadId=${UploadId}`)).to.include(bare);
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket.name,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
        },
      }),
    );
    expect(await put("key")).to.include(bare);
    expect(
      (await put("key", { "x-amz-checksum-sha256": createHash("sha256").update("x").digest("base64") })).status,
    ).to.equal(200);
    const { UploadId: other = "" } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: "by-default" }),
    );
    const part = await put(`by-default?partNumber=1&uploadId=${other}`);
    expect([part.status, part.code, part.body.includes("Put Part")]).to.deep.equal([400, "InvalidRequest", true]);
  });
});

describe("strangers", () => {
  const bucket = useBucket();

  it("without a signature may neither list, read nor write", async () => {
    const ask = (method: string, path: string) =>
      send({
        method,
        path,
        sign: false,
        body: method === "PUT" && path.endsWith("key") ? "x" : "",
        tamper: (sent) => delete sent["x-amz-content-sha256"],
      });
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", `/${bucket.name}`],
      ["GET", `/${bucket.name}/key`],
      ["PUT", `/${bucket.name}/key`],
      ["DELETE", `/${bucket.name}/key`],
      ["PUT", `/${freshName()}`],
    ] as const) {
      expect(await ask(method, path), `${method} ${path}`).to.include({ status: 403, code: "AccessDenied" });
    }
    expect((await ask("HEAD", `/${bucket.name}/key`)).body).to.equal("");
  });
});

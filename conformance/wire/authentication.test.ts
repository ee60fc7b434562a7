import { expect } from "chai";
import { send } from "../support/signed.js";
import { target, useBucket } from "../support/target.js";

const MINUTE_MS = 60_000;
const amzDate = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");

describe("authentication on the wire", () => {
  const bucket = useBucket();

  it("refuses an unknown access key and a wrong secret", async () => {
    const unknown = await send({
      method: "GET",
      path: "/",
      credentials: { accessKeyId: "NOSUCHKEY", secretAccessKey: "x" },
    });
    expect(unknown).to.include({ status: 403, code: "InvalidAccessKeyId" });
    const wrong = await send({
      method: "GET",
      path: "/",
      credentials: { accessKeyId: target.accessKeyId, secretAccessKey: "wrong" },
    });
    expect(wrong).to.include({ status: 403, code: "SignatureDoesNotMatch" });
  });

  it("refuses a request that was changed after it was signed", async () => {
    const changed = await send({
      method: "GET",
      path: `/${bucket.name}`,
      headers: { "x-amz-meta-a": "1" },
      tamper: (headers) => (headers["x-amz-meta-a"] = "2"),
    });
    expect(changed).to.include({ status: 403, code: "SignatureDoesNotMatch" });
  });

  it("refuses a request without a signature", async () => {
    expect(await send({ method: "GET", path: `/${bucket.name}`, sign: false })).to.include({
      status: 403,
      code: "AccessDenied",
    });
  });

  it("refuses a clock that is off by more than 15 minutes", async () => {
    for (const skew of [-16 * MINUTE_MS, 16 * MINUTE_MS]) {
      const answer = await send({ method: "GET", path: "/", headers: { "x-amz-date": amzDate(Date.now() + skew) } });
      expect(answer).to.include({ status: 403, code: "RequestTimeTooSkewed" });
    }
    expect(
      (await send({ method: "GET", path: "/", headers: { "x-amz-date": amzDate(Date.now() - 10 * MINUTE_MS) } }))
        .status,
    ).to.equal(200);
  });

  it("names the right region to a signer who used another", async () => {
    const answer = await send({ method: "GET", path: `/${bucket.name}`, region: "eu-central-1" });
    expect(answer).to.include({ status: 400, code: "AuthorizationHeaderMalformed" });
    expect(answer.body).to.contain(`<Region>${target.region}</Region>`);
  });

  it("refuses a body that is not the one that was signed", async () => {
    const answer = await send({
      method: "PUT",
      path: `/${bucket.name}/k`,
      body: "sent",
      headers: { "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    });
    expect(answer).to.include({ status: 400, code: "XAmzContentSHA256Mismatch" });
  });

  it("takes UNSIGNED-PAYLOAD", async () => {
    expect(
      (
        await send({
          method: "PUT",
          path: `/${bucket.name}/unsigned`,
          body: "x",
          headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
        })
      ).status,
    ).to.equal(200);
  });

  it("gives every answer, also a refusal, a request id and the XML to go with it", async () => {
    const answer = await send({ method: "GET", path: "/", sign: false });
    expect(answer.headers["x-amz-request-id"]).to.be.a("string").and.not.equal("");
    expect(answer.headers["content-type"]).to.equal("application/xml");
    expect(answer.body).to.contain(`<RequestId>${String(answer.headers["x-amz-request-id"])}</RequestId>`);
  });
});

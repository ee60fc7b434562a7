import { createHmac } from "node:crypto";
import { expect } from "chai";
import { post, rightForm } from "../support/form.js";
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

  it("refuses a request that is signed in two ways, each of which is right", async () => {
    const refused = { status: 400, code: "InvalidArgument" };
    const get = { method: "GET", path: `/${bucket.name}` };
    const date = new Date().toUTCString();
    const hmac = (text: string) => createHmac("sha1", target.secretAccessKey).update(text).digest("base64");
    const v2 = `AWS ${target.accessKeyId}:${hmac(`GET\n\n\n${date}\n/${bucket.name}`)}`;
    const expires = String(Math.floor(Date.now() / 1000) + 60);
    const signature = encodeURIComponent(hmac(`GET\n\n\n${expires}\n/${bucket.name}`));
    const v2Url = `AWSAccessKeyId=${target.accessKeyId}&Expires=${expires}&Signature=${signature}`;
    const twice = (headers: Record<string, string | string[]>) => {
      const { Authorization: first } = headers;
      if (typeof first === "string") headers["Authorization"] = [first, first];
    };
    const withHeader = (headers: Record<string, string | string[]>) => {
      delete headers["x-amz-content-sha256"];
      Object.assign(headers, { date, authorization: v2 });
    };
    expect(await send({ ...get, tamper: twice }), "two Authorization headers").to.include(refused);
    expect(await send({ ...get, sign: "query", tamper: withHeader }), "V4 in the URL, V2 in a header").to.include(
      refused,
    );
    expect(await send({ ...get, path: `${get.path}?${v2Url}` }), "V2 in the URL, V4 in a header").to.include(refused);
    expect(
      await send({ ...get, path: `${get.path}?${v2Url}`, sign: false, tamper: withHeader }),
      "V2 in the URL, V2 in a header",
    ).to.include(refused);
    expect(await send({ ...get, path: `${get.path}?${v2Url}`, sign: "query" }), "V4 and V2 in the URL").to.include(
      refused,
    );
    for (const parameter of ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Credential=a", "X-Amz-Signature=a"])
      expect(
        await send({ ...get, path: `${get.path}?${parameter}`, sign: false, tamper: withHeader }),
        `V2 in a header, ${parameter}`,
      ).to.include(refused);
    expect((await send({ ...get, sign: false, tamper: withHeader })).status).to.equal(200);
  });

  it("refuses a form that is signed in two ways", async () => {
    const form = rightForm(bucket.name, { key: "form" });
    const refused = { status: 400, code: "InvalidArgument" };
    const file = { content: "x" };
    expect(await post(bucket.name, form, file, { authorization: "AWS key:signature" })).to.include(refused);
    expect(await post(bucket.name, { ...form, AWSAccessKeyId: "key", signature: "s" }, file)).to.include(refused);
    expect((await post(bucket.name, form, file)).status).to.equal(204);
  });

  it("gives every answer, also a refusal, a request id and the XML to go with it", async () => {
    const answer = await send({ method: "GET", path: "/", sign: false });
    expect(answer.headers["x-amz-request-id"]).to.be.a("string").and.not.equal("");
    expect(answer.headers["content-type"]).to.equal("application/xml");
    expect(answer.body).to.contain(`<RequestId>${String(answer.headers["x-amz-request-id"])}</RequestId>`);
  });
});

import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { customerHeaders, customerKey } from "../support/customer-key.js";
import { send } from "../support/signed.js";
import { s3, useBucket } from "../support/target.js";

const code = async (answer: Response) => /<Code>([^<]*)/.exec(await answer.text())?.[1];

describe("presigned URLs", () => {
  const bucket = useBucket();

  it("let anyone who has them put and get", async () => {
    const at = { Bucket: bucket.name, Key: "pre signed/ü+" };
    const put = await fetch(await getSignedUrl(s3, new PutObjectCommand(at)), { method: "PUT", body: "by URL" });
    expect(put.status).to.equal(200);
    const get = await fetch(await getSignedUrl(s3, new GetObjectCommand({ ...at, ResponseContentType: "text/x" })));
    expect(get.headers.get("content-type")).to.equal("text/x");
    expect(await get.text()).to.equal("by URL");
  });

  it("end after their time", async () => {
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket.name, Key: "k" }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 120_000),
    });
    const answer = await fetch(url);
    expect(answer.status).to.equal(403);
    expect(await code(answer)).to.equal("AccessDenied");
  });

  it("are good for their own request only", async () => {
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket.name, Key: "k" }));
    const answer = await fetch(url, { method: "DELETE" });
    expect(answer.status).to.equal(403);
    expect(await code(answer)).to.equal("SignatureDoesNotMatch");
    expect(await code(await fetch(`${url}&versionId=null`))).to.equal("SignatureDoesNotMatch");
  });

  it("are no use with any parameter or x-amz-* header added", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket.name, Key: "k" }));
    expect((await fetch(url)).status).to.equal(200);
    for (const name of [
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "hasOwnProperty",
      "",
      "0",
      "x",
      "versionId",
    ])
      for (const changed of [`${url}&${name}=1`, url.replace("?", `?${name}=1&`)])
        expect((await fetch(changed)).status, changed).to.be.oneOf([400, 403]);
    const query = new URL(url).searchParams;
    for (const name of query.keys()) {
      const value = encodeURIComponent(query.get(name) ?? "");
      const same = name.toLowerCase();
      expect((await fetch(`${url}&${name}=${value}`)).status, name).to.be.oneOf([400, 403]);
      expect((await fetch(`${url}&${same}=${value}`)).status, same).to.be.oneOf([400, 403]);
    }
    expect(await code(await fetch(`${url}&X-Amz-Signature=${"0".repeat(64)}`))).to.equal("InvalidArgument");
    for (const name of ["x-amz-meta-a", "x-amz-acl", "x-amz-checksum-mode", "x-amz-date"])
      expect((await fetch(url, { headers: { [name]: "ENABLED" } })).status, name).to.equal(403);
  });

  it("refuse two parameters that stand for one header", async () => {
    const path = `/${bucket.name}/twice?x-amz-grant-read=id%3Da&X-Amz-Grant-Read=id%3Db`;
    const answer = await send({ method: "PUT", path, sign: "query", body: "x" });
    expect([answer.status, answer.code]).to.deep.equal([400, "InvalidArgument"]);
  });

  it("want the customer's key in headers where it was signed, and are no use without", async () => {
    const at = { Bucket: bucket.name, Key: "customer" };
    const key = customerKey();
    const headers = customerHeaders(key);
    const put = await getSignedUrl(s3, new PutObjectCommand({ ...at, ...key }));
    expect(put, "nor is the key in the URL").not.to.contain(encodeURIComponent(key.SSECustomerKey));
    expect(await code(await fetch(put, { method: "PUT", body: "x" }))).to.equal("SignatureDoesNotMatch");
    const written = await fetch(put, { method: "PUT", body: "by URL", headers });
    expect([written.status, written.headers.get("x-amz-server-side-encryption-customer-key-md5")]).to.deep.equal([
      200,
      key.SSECustomerKeyMD5,
    ]);
    const get = await getSignedUrl(s3, new GetObjectCommand({ ...at, ...key }));
    expect(await (await fetch(get, { headers })).text()).to.equal("by URL");
    expect((await fetch(get)).status).to.equal(403);
    expect((await fetch(await getSignedUrl(s3, new GetObjectCommand(at)))).status).to.equal(400);
  });

  it("may be signed by hand", async () => {
    expect((await send({ method: "GET", path: `/${bucket.name}?list-type=2`, sign: "query" })).status).to.equal(200);
  });

  it("refuse a life of more than seven days", async () => {
    const answer = await send({ method: "GET", path: `/${bucket.name}?X-Amz-Expires=604801`, sign: "query" });
    expect(answer.status).to.equal(400);
    expect(answer.code).to.equal("AuthorizationQueryParametersError");
  });
});

import { createHash, createHmac } from "node:crypto";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { target, useBucket } from "../support/target.js";

const sign = (text: string, secret: string = target.secretAccessKey) =>
  createHmac("sha1", secret).update(text).digest("base64");
const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

/**
 * A URL signed by Signature Version 2, as aws-cli v1 and boto3 make them. `signed`: the sub-resources, as they are
 * signed.
 */
function presigned(
  method: string,
  path: string,
  query = "",
  { expires = inSeconds(60), signed = query, amz = "" } = {},
): string {
  const signature = encodeURIComponent(
    sign(`${method}\n\n\n${expires}\n${amz}${path}${signed === "" ? "" : `?${signed}`}`),
  );
  return `${path}?${query === "" ? "" : `${query}&`}AWSAccessKeyId=${target.accessKeyId}&Expires=${expires}&Signature=${signature}`;
}

const ask = (method: string, path: string, headers = {}, body = "") =>
  send({ method, path, headers, body, sign: false, tamper: (sent) => delete sent["x-amz-content-sha256"] });

describe("Signature Version 2", () => {
  const bucket = useBucket();
  const key = () => `/${bucket.name}/two%20words/%C3%BC%2B.txt`;

  it("signs URLs that put and get, with headers in the URL and overrides", async () => {
    const put = await ask(
      "PUT",
      presigned("PUT", key(), "x-amz-meta-by=url", { signed: "", amz: "x-amz-meta-by:url\n" }),
      {},
      "version 2",
    );
    expect(put.status, put.body).to.equal(200);
    const get = await ask(
      "GET",
      presigned("GET", key(), "response-content-type=text%2Fx", { signed: "response-content-type=text/x" }),
    );
    expect([get.status, get.body, get.headers["content-type"], get.headers["x-amz-meta-by"]]).to.deep.equal([
      200,
      "version 2",
      "text/x",
      "url",
    ]);
  });

  it("refuses a URL after its time, a changed one and one whose time is none", async () => {
    expect(await ask("GET", presigned("GET", key(), "", { expires: inSeconds(-1) }))).to.include({
      status: 403,
      code: "AccessDenied",
    });
    expect(await ask("GET", presigned("GET", key(), "", { expires: "tomorrow" }))).to.include({
      status: 403,
      code: "AccessDenied",
    });
    expect(await ask("DELETE", presigned("GET", key()))).to.include({ status: 403, code: "SignatureDoesNotMatch" });
    expect(await ask("GET", `${presigned("GET", key())}&acl`)).to.include({
      status: 403,
      code: "SignatureDoesNotMatch",
    });
    expect(await ask("GET", `${presigned("GET", key())}&x-amz-meta-a=b`)).to.include({
      status: 403,
      code: "SignatureDoesNotMatch",
    });
    expect(await ask("GET", `${key()}?AWSAccessKeyId=${target.accessKeyId}&Signature=abc`)).to.include({
      status: 403,
      code: "AccessDenied",
    });
    expect(await ask("GET", `${key()}?AWSAccessKeyId=NOSUCHKEY&Signature=abc&Expires=${inSeconds(60)}`)).to.include({
      status: 403,
      code: "InvalidAccessKeyId",
    });
  });

  it("signs headers, with Date or x-amz-date", async () => {
    const date = new Date().toUTCString();
    const put = await ask(
      "PUT",
      key(),
      {
        date,
        "content-type": "text/plain",
        "x-amz-meta-b": "2",
        "x-amz-meta-a": "1",
        authorization: `AWS ${target.accessKeyId}:${sign(`PUT\n\ntext/plain\n${date}\nx-amz-meta-a:1\nx-amz-meta-b:2\n${key()}`)}`,
      },
      "by header",
    );
    expect(put.status, put.body).to.equal(200);
    const list = await ask("GET", `/${bucket.name}?uploads&prefix=x`, {
      "x-amz-date": date,
      authorization: `AWS ${target.accessKeyId}:${sign(`GET\n\n\n\nx-amz-date:${date}\n/${bucket.name}?uploads`)}`,
    });
    expect(list.status, list.body).to.equal(200);
  });

  it("refuses a wrong secret, a clock that is off, a header that is none and a session token", async () => {
    const signed = (date: string, more = "", secret?: string) => ({
      date,
      authorization: `AWS ${target.accessKeyId}:${sign(`GET\n\n\n${date}\n${more}/`, secret)}`,
    });
    const date = new Date().toUTCString();
    expect((await ask("GET", "/", signed(date))).status).to.equal(200);
    expect(await ask("GET", "/", signed(date, "", "wrong"))).to.include({ status: 403, code: "SignatureDoesNotMatch" });
    expect(await ask("GET", "/", signed(new Date(Date.now() - 16 * 60_000).toUTCString()))).to.include({
      status: 403,
      code: "RequestTimeTooSkewed",
    });
    expect(await ask("GET", "/", { date, authorization: "AWS nonsense" })).to.include({
      status: 400,
      code: "InvalidArgument",
    });
    expect(
      await ask("GET", "/", { ...signed(date, "x-amz-security-token:t\n"), "x-amz-security-token": "t" }),
    ).to.include({ status: 400, code: "InvalidToken" });
  });

  it("signs a bucket with a slash at its end or without, whichever is sent, in the path or in the host", async function () {
    const date = new Date().toUTCString();
    const get = (path: string, signed: string, headers = {}) =>
      ask("GET", path, {
        date,
        authorization: `AWS ${target.accessKeyId}:${sign(`GET\n\n\n${date}\n${signed}`)}`,
        ...headers,
      });
    const [bare, slash] = [`/${bucket.name}`, `/${bucket.name}/`];
    for (const path of [bare, slash])
      for (const signed of [bare, slash]) {
        expect((await get(path, signed)).status, `${path} signed as ${signed}`).to.equal(200);
        expect((await get(`${path}?acl&prefix=p`, `${signed}?acl`)).body).to.contain("FULL_CONTROL");
      }
    expect(await get(bare, `${slash}/`)).to.include({ status: 403, code: "SignatureDoesNotMatch" });
    expect(await get(`${slash}key`, `${slash}key/`)).to.include({ status: 403, code: "SignatureDoesNotMatch" });
    if (target.domain === undefined) return;
    const host = `${bucket.name}.${target.domain}:${new URL(target.endpoint).port}`;
    for (const signed of [bare, slash]) expect((await get("/", signed, { host })).status, signed).to.equal(200);
    expect(await get("/", "/", { host })).to.include({ status: 403, code: "SignatureDoesNotMatch" });
  });

  it("lets nothing that is signed be hidden in another name or value", async () => {
    const refused = { status: 400, code: "InvalidArgument" };
    const object = `/${bucket.name}/hidden`;
    const put = (query: string, amz: string) =>
      ask("PUT", presigned("PUT", object, query, { signed: "", amz }), {}, "x");
    const amz = "x-amz-acl:private\nx-amz-meta-a:1\nx-amz-server-side-encryption:AES256\n";
    const names = encodeURIComponent("x-amz-acl:private\nx-amz-meta-a:1\nx-amz-server-side-encryption");
    expect(await put(`${names}=AES256`, amz)).to.include(refused);
    expect(await put("x-amz-acl=private%0Ax-amz-meta-a:1%0Ax-amz-server-side-encryption:AES256", amz)).to.include(
      refused,
    );
    expect(await put("x-amz-meta-a=1%2C2&X-Amz-Meta-A=3", "x-amz-meta-a:1,2\n")).to.include(refused);
    expect(await put("x-amz-meta-a=1&x-amz-meta-a=2", "x-amz-meta-a:1,2\n")).to.include(refused);
    const encrypted = await put("x-amz-acl=private&x-amz-meta-a=1&x-amz-server-side-encryption=AES256", amz);
    expect([encrypted.status, encrypted.headers["x-amz-server-side-encryption"]]).to.deep.equal([200, "AES256"]);
    const get = (query: string, signed: string) => ask("GET", presigned("GET", object, query, { signed }));
    const signed = "response-content-type=text/plain&versionId=null";
    expect(await get("response-content-type=text/plain%26versionId%3Dnull", signed)).to.include(refused);
    expect(await get("response-content-type=text/plain&versionId=null&versionId=x", signed)).to.include(refused);
    expect((await get("versionId=null&response-content-type=text/plain", signed)).status).to.equal(200);
    const name = 'attachment; filename="a&b=c.txt"';
    const override = `response-content-disposition=${encodeURIComponent(name)}`;
    expect((await get(override, `response-content-disposition=${name}`)).headers["content-disposition"]).to.equal(name);
  });

  it("keeps the type and verifies the MD5 that a URL holds", async () => {
    const md5 = createHash("md5").update("typed").digest("base64");
    const expires = inSeconds(60);
    const signature = encodeURIComponent(sign(`PUT\n${md5}\ntext/x-typed\n${expires}\n/${bucket.name}/typed`));
    const url = `/${bucket.name}/typed?AWSAccessKeyId=${target.accessKeyId}&Expires=${expires}&Signature=${signature}&content-type=text/x-typed&content-md5=${encodeURIComponent(md5)}`;
    expect(await ask("PUT", url, {}, "other")).to.include({ status: 400, code: "BadDigest" });
    expect((await ask("PUT", url, {}, "typed")).status).to.equal(200);
    expect((await ask("GET", presigned("GET", `/${bucket.name}/typed`))).headers["content-type"]).to.equal(
      "text/x-typed",
    );
  });

  it("covers every parameter that makes a request another operation's", async () => {
    for (const parameter of ["acl", "policy", "intelligent-tiering", "metadataTable", "encryption", "versions"])
      expect((await ask("GET", `${presigned("GET", `/${bucket.name}`)}&${parameter}`)).status, parameter).to.equal(403);
    expect((await ask("GET", `${presigned("GET", `/${bucket.name}`)}&prefix=p`)).status, "a listing's").to.equal(200);
  });
});

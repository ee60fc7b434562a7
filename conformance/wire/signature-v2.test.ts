import { createHmac } from "node:crypto";
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
});

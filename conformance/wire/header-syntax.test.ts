import { connect } from "node:net";
import {
  CopyObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { post, rightForm } from "../support/form.js";
import { send } from "../support/signed.js";
import { refusal, s3, target, useBucket } from "../support/target.js";

/** What no header can be, as name and value. */
const unsendable: readonly (readonly [name: string, value: string])[] = [
  ["x-amz-meta-a b", "1"],
  ["x-amz-meta-a:b", "1"],
  ["x-amz-meta-é", "1"],
  ["x-amz-meta-a\r\nevil", "1"],
  ["x-amz-meta-a", "1\r\nevil: 1"],
  ["x-amz-meta-a", "1\n"],
  ["x-amz-meta-a", "a\u0001b"],
  ["x-amz-meta-a", "a\u007fb"],
  ["x-amz-website-redirect-location", "/x\r\nevil: 1"],
  ["x-amz-storage-class", "STANDARD\r\nevil: 1"],
  ["x-amz-tagging", "a=b\nc"],
  ["x-amz-acl", "private\n"],
];

describe("names and values of headers", () => {
  const bucket = useBucket();
  const absent = async (Key: string, what: string) =>
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key })))).status, what).to.equal(404);
  const presigned = (method: string, key: string, query: string, headers: Record<string, string> = {}, body = "") =>
    send({ method, path: `/${bucket.name}/${key}?${query}`, sign: "query", headers, body });

  it("in a presigned URL are checked as those of the request are, by whatever writes an object", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "source", Body: "x" }));
    const source = { "x-amz-copy-source": `/${bucket.name}/source` };
    for (const [name, value] of unsendable) {
      const query = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
      const what = JSON.stringify([name, value]);
      const refused = { status: 400, code: "InvalidArgument" };
      expect(await presigned("PUT", "put", query, {}, "x"), what).to.include(refused);
      expect(await presigned("POST", "upload", `uploads=&${query}`), what).to.include(refused);
      expect(await presigned("PUT", "copy", `x-amz-metadata-directive=REPLACE&${query}`, source), what).to.include(
        refused,
      );
      for (const key of ["put", "copy"]) await absent(key, what);
    }
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }));
    expect(Uploads).to.equal(undefined);
  });

  it("in a form are checked the same", async () => {
    for (const [name, value] of unsendable) {
      // What would end the form's own header is a matter of the form.
      if (/[\r\n]/.test(name)) continue;
      const answer = await post(bucket.name, rightForm(bucket.name, { key: "form", [name]: value }), { content: "x" });
      expect([answer.status, answer.code], JSON.stringify([name, value])).to.deep.equal([400, "InvalidArgument"]);
      await absent("form", name);
    }
  });

  it("in a presigned URL may be all that a header may be", async () => {
    const query = "x-amz-meta-a!%23%24%25%26'*%2B.%5E_%60%7C~b=gr%C3%BCn%09x&X-Amz-Meta-C=%20two%20%20words%20";
    expect((await presigned("PUT", "right", query, {}, "x")).status).to.equal(200);
    const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "right" }));
    expect(Metadata).to.deep.equal({ "a!#$%&'*+.^_`|~b": "=?UTF-8?B?Z3LDvG4JeA==?=", c: "two  words" });
    const copied = new CopyObjectCommand({ Bucket: bucket.name, Key: "copy", CopySource: `${bucket.name}/right` });
    await s3.send(copied);
    const copy = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "copy" }));
    expect(copy.Metadata).to.deep.equal(Metadata);
  });

  it("that an answer is to have are checked, too", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "read", Body: "x" }));
    for (const value of ["text/plain%0D%0Aevil:%201", "a%0Ab", "a%01b", "a%7Fb"])
      expect(await presigned("GET", "read", `response-content-type=${value}`), value).to.include({
        status: 400,
        code: "InvalidArgument",
      });
    const Rules = [{ ID: "a\nb", Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 1 } }];
    const rules = new PutBucketLifecycleConfigurationCommand({
      Bucket: bucket.name,
      LifecycleConfiguration: { Rules },
    });
    expect(await refusal(s3.send(rules))).to.include({ status: 400, code: "InvalidArgument" });
  });

  it("of the request itself are refused before it is one, and the next request is served", async () => {
    const { hostname, port, host } = new URL(target.endpoint);
    const answerTo = (header: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${header}\r\n\r\n`, "latin1"),
        );
        let text = "";
        socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
        socket.once("close", () => resolve(text));
        socket.once("error", reject);
      });
    for (const header of [
      "x-amz-meta-a b: 1",
      "x-amz-meta-\u00e9: 1",
      "x-amz-meta-a: a\u0001b",
      "x-amz-meta-a: a\r\n folded",
    ])
      expect(await answerTo(header), JSON.stringify(header)).to.match(/^HTTP\/1\.1 400 /);
    expect(await answerTo("x-amz-meta-a: 1")).to.match(/^HTTP\/1\.1 403 /);
  });
});

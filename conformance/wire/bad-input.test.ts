import { createHash } from "node:crypto";
import { connect } from "node:net";
import { HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { refusal, s3, target, useBucket } from "../support/target.js";

const md5 = (text: string) => createHash("md5").update(text).digest("base64");

describe("bad input", () => {
  const bucket = useBucket();

  it("answers NotImplemented by name for an operation that is not served", async () => {
    const answer = await send({ method: "PUT", path: `/${bucket.name}?intelligent-tiering&id=x`, body: "<x/>" });
    expect(answer).to.include({ status: 501, code: "NotImplemented" });
    expect(answer.body).to.contain("PutBucketIntelligentTieringConfiguration");
  });

  it("takes no request for a sub-resource for one about the object or the bucket", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "kept", Body: "x" }));
    for (const [method, path] of [
      ["DELETE", "/kept?acl"],
      ["DELETE", "/kept?retention"],
      ["DELETE", "/kept?legal-hold"],
      ["PUT", "/kept?attributes"],
      ["PUT", "/kept?uploads"],
      ["DELETE", "?versioning"],
      ["DELETE", "?acl"],
      ["DELETE", "?uploads"],
      ["GET", "?acl&versioning"],
    ] as const)
      expect(
        await send({ method, path: `/${bucket.name}${path}`, body: method === "PUT" ? "y" : "" }),
        `${method} ${path}`,
      ).to.include({ status: 405, code: "MethodNotAllowed" });
    for (const path of ["/kept?acl", "?versioning"])
      expect((await send({ method: "HEAD", path: `/${bucket.name}${path}` })).status).to.equal(405);
    expect((await send({ method: "GET", path: `/${bucket.name}/kept?x-id=GetObject&id=1&any=thing` })).body).to.equal(
      "x",
    );
  });

  it("answers NotImplemented to MinIO's clients that listen for events, whoever signed it: they put a repeated parameter in another order than S3", async () => {
    for (const path of [`/${bucket.name}`, "/"]) {
      const events = "?events=s3%3AObjectRemoved%3A%2A&events=s3%3AObjectCreated%3A%2A&ping=10&prefix=&suffix=";
      const answer = await send({
        method: "GET",
        path: path + events,
        tamper: (headers) => delete headers["Authorization"],
      });
      expect(answer, path).to.include({ status: 501, code: "NotImplemented" });
    }
  });

  it("refuses malformed XML, entities and a document type", async () => {
    for (const body of [
      "<Delete><Object>",
      "not xml",
      '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>',
      "<Other/>",
    ]) {
      const answer = await send({
        method: "POST",
        path: `/${bucket.name}?delete`,
        body,
        headers: { "content-md5": md5(body) },
      });
      expect(answer, body).to.include({ status: 400, code: "MalformedXML" });
    }
  });

  it("refuses an XML body that is far too large before it has read it all", async () => {
    const body = `<Delete>${" ".repeat(3 * 2 ** 20)}</Delete>`;
    const answer = await send({
      method: "POST",
      path: `/${bucket.name}?delete`,
      body,
      headers: { "content-md5": md5(body) },
    });
    expect(answer.status).to.equal(400);
    expect(answer.code).to.be.oneOf(["MalformedXML", "MaxMessageLengthExceeded"]);
  });

  it("refuses a Content-MD5 that is none, and one of other bytes", async () => {
    expect(
      await send({ method: "PUT", path: `/${bucket.name}/md5`, body: "x", headers: { "content-md5": "short" } }),
    ).to.include({ status: 400, code: "InvalidDigest" });
    expect(
      await send({ method: "PUT", path: `/${bucket.name}/md5`, body: "x", headers: { "content-md5": md5("y") } }),
    ).to.include({ status: 400, code: "BadDigest" });
  });

  it("refuses a path that is not UTF-8 and keeps serving", async () => {
    expect((await send({ method: "GET", path: `/${bucket.name}/%ff%fe`, sign: false })).status).to.be.within(400, 403);
    await s3.send(new ListObjectsV2Command({ Bucket: bucket.name }));
  });

  it("leaves nothing behind of a body that ends too early", async () => {
    const { hostname, port, host } = new URL(target.endpoint);
    const { default: aws4 } = await import("aws4");
    const path = `/${bucket.name}/cut-off`;
    const signed = aws4.sign(
      {
        service: "s3",
        region: target.region,
        method: "PUT",
        host,
        path,
        headers: { host, "content-length": "1000", "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      },
      target,
    );
    const head = Object.entries(signed.headers ?? {})
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join("\r\n");
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`PUT ${path} HTTP/1.1\r\n${head}\r\n\r\nonly this`);
        setTimeout(() => socket.destroy(), 200);
      });
      socket.once("close", () => resolve());
      socket.once("error", reject);
    });
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "cut-off" })))).status).to.equal(
      404,
    );
  });

  it("asks for a length where a body has none", async () => {
    const { hostname, port, host } = new URL(target.endpoint);
    const { default: aws4 } = await import("aws4");
    const path = `/${bucket.name}/no-length`;
    const signed = aws4.sign(
      {
        service: "s3",
        region: target.region,
        method: "PUT",
        host,
        path,
        headers: { host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      },
      target,
    );
    const head = Object.entries(signed.headers ?? {})
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join("\r\n");
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), hostname, () =>
        socket.write(`PUT ${path} HTTP/1.1\r\n${head}\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`),
      );
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("</Error>") || text.includes("200 OK")) socket.destroy();
      });
      socket.once("close", () => resolve(text));
      socket.once("error", reject);
    });
    expect(answer).to.match(/^HTTP\/1\.1 411 /);
    expect(answer).to.contain("MissingContentLength");
  });
});

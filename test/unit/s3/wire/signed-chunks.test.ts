import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import aws4 from "aws4";
import { expect } from "chai";
import { ChunkSigner } from "../../../../src/s3/auth/signature.js";
import { element, S3Endpoint, testKey } from "../../../support/s3-endpoint.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("Bodies in signed chunks", () => {
  const endpoint = new S3Endpoint();
  before(async () => {
    await endpoint.start();
    await endpoint.signed({ method: "PUT", path: "/bucket" });
  });
  after(() => endpoint.stop());

  it("computes the chunk signatures of AWS's own example", () => {
    const signer = new ChunkSigner(
      {
        place: "header",
        accessKeyId: "AKIAIOSFODNN7EXAMPLE",
        scope: "20130524/us-east-1/s3/aws4_request",
        region: "us-east-1",
        signedHeaders: { names: new Set(), sorted: [], text: "" },
        signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        timestamp: "20130524T000000Z",
        time: 0,
      },
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    );
    expect(signer.chunk(sha256("a".repeat(65536)))).to.equal(
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    );
    expect(signer.chunk(sha256("a".repeat(1024)))).to.equal(
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    );
    expect(signer.chunk(sha256(""))).to.equal("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
  });

  async function send(
    chunks: readonly string[],
    options: {
      trailer?: string;
      tamper?: (body: string) => string;
      length?: number;
      path?: string;
      more?: Record<string, string>;
    } = {},
  ) {
    const total = options.length ?? chunks.join("").length;
    const mode = options.trailer ? "-TRAILER" : "";
    const path = options.path ?? "/bucket/key";
    const headers = {
      host: endpoint.host,
      "x-amz-content-sha256": `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${mode}`,
      "x-amz-decoded-content-length": total,
      "content-encoding": "aws-chunked,gzip",
      ...(options.trailer ? { "x-amz-trailer": "x-amz-checksum-crc32" } : {}),
      ...options.more,
    };
    const request = aws4.sign({ service: "s3", region: "us-east-1", method: "PUT", path, headers }, testKey);
    const sent = request.headers as Record<string, string>;
    const timestamp = sent["X-Amz-Date"]!;
    const signer = new ChunkSigner(
      {
        place: "header",
        accessKeyId: "testkey",
        scope: `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`,
        region: "us-east-1",
        signedHeaders: { names: new Set(), sorted: [], text: "" },
        signature: /Signature=(\w+)/.exec(sent.Authorization!)![1]!,
        timestamp,
        time: 0,
      },
      testKey.secretAccessKey,
    );
    let body = chunks
      .map((text) => `${text.length.toString(16)};chunk-signature=${signer.chunk(sha256(text))}\r\n${text}\r\n`)
      .join("");
    body += `0;chunk-signature=${signer.chunk(sha256(""))}\r\n`;
    if (options.trailer)
      body += `x-amz-checksum-crc32:${options.trailer}\r\nx-amz-trailer-signature:${signer.trailer(`x-amz-checksum-crc32:${options.trailer}\n`)}\r\n`;
    body += "\r\n";
    body = options.tamper?.(body) ?? body;
    return endpoint.raw({
      ...request,
      method: "PUT",
      path,
      body,
      headers: { ...sent, "content-length": Buffer.byteLength(body) },
    });
  }
  const code = (answer: { body: string }) => element(answer.body, "Code");
  const crc = (text: string) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(text));
    return sum.toString("base64");
  };

  it("takes the framing off, keeps the other encodings, and verifies the trailer", async () => {
    const long = "hello ".repeat(2000);
    expect((await send([long, "world"])).status).to.equal(200);
    const got = await endpoint.signed({ path: "/bucket/key" });
    expect([got.body, got.headers["content-encoding"]]).to.deep.equal([`${long}world`, "gzip"]);
    const answer = await send([long, "trailer"], { trailer: crc(`${long}trailer`) });
    expect([answer.status, answer.headers["x-amz-checksum-crc32"]]).to.deep.equal([200, crc(`${long}trailer`)]);
    expect(code(await send(["with trailer"], { trailer: crc("other") }))).to.equal("BadDigest");
  });

  it("proves bytes whole that are put under a lock", async () => {
    expect(
      (
        await endpoint.signed({
          method: "PUT",
          path: "/locked",
          headers: { "x-amz-bucket-object-lock-enabled": "true" },
        })
      ).status,
    ).to.equal(200);
    const answer = await send(["held"], { path: "/locked/key", more: { "x-amz-object-lock-legal-hold": "ON" } });
    expect([answer.status, code(answer)]).to.deep.equal([200, undefined]);
  });

  it("refuses changed bytes, a wrong trailer signature, missing trailers and wrong lengths", async () => {
    expect(code(await send(["hello"], { tamper: (body) => body.replace("hello", "hallo") }))).to.equal(
      "SignatureDoesNotMatch",
    );
    expect(
      code(
        await send(["hello"], {
          trailer: crc("hello"),
          tamper: (body) => body.replace(/x-amz-trailer-signature:./, "x-amz-trailer-signature:z"),
        }),
      ),
    ).to.equal("SignatureDoesNotMatch");
    expect(code(await send(["hello"], { length: 6 }))).to.equal("IncompleteBody");
    expect(code(await send(["hello"], { length: 4 }))).to.equal("IncompleteBody");
    expect(code(await send(["hello"], { tamper: (body) => body.slice(0, -120) }))).to.equal("IncompleteBody");
    expect(code(await send(["hello"], { tamper: () => "5\r\nhello\r\n0\r\n\r\n" }))).to.equal("IncompleteBody");
  });

  it("refuses a small chunk before the last as AWS does, and a decoded length that is no number", async () => {
    const small = await send(["hello ", "world"]);
    expect([small.status, code(small)]).to.deep.equal([403, "InvalidChunkSizeError"]);
    expect([element(small.body, "Chunk"), element(small.body, "BadChunkSize")]).to.deep.equal(["2", "6"]);
    for (const length of ["", "abc", "-5", "5.0", "5,5", "0x5"]) {
      const answer = await send(["hello"], { more: { "x-amz-decoded-content-length": length } });
      expect([answer.status, code(answer)], length).to.deep.equal([411, "MissingContentLength"]);
    }
    expect(code(await send(["hello"], { more: { "x-amz-decoded-content-length": "9".repeat(20) } }))).to.equal(
      "EntityTooLarge",
    );
  });
});

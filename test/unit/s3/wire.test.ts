import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import * as sdk from "@aws-sdk/client-s3";
import aws4 from "aws4";
import { expect } from "chai";
import { S3Error } from "../../../src/gateway/s3-error.js";
import { operations } from "../../../src/s3/operations/table.js";
import { unserved } from "../../../src/s3/operations/unserved.js";
import { element, S3Endpoint, testKey } from "../../support/s3-endpoint.js";

const KEEP_ALIVE_MS = 30;
/**
 * For a slow answer: as many intervals as keep it alive about three times. Counted, not measured: on a busy machine the
 * server's are late as well.
 */
const wait = () =>
  new Promise<void>((resolve) => {
    let intervals = 0;
    const timer = setInterval(() => {
      if (++intervals < 4) return;
      clearInterval(timer);
      resolve();
    }, KEEP_ALIVE_MS);
  });

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("S3 wire with requests signed by hand", () => {
  const endpoint = new S3Endpoint();
  before(async () => {
    await endpoint.start({ domain: "s3.test" });
    await endpoint.signed({ method: "PUT", path: "/bucket" });
    await endpoint.signed({ method: "PUT", path: "/bucket/hello", body: "hello" });
  });
  after(() => endpoint.stop());
  afterEach(() => expect(endpoint.failures, "internal errors").to.deep.equal([]));

  const code = (answer: { body: string }) => element(answer.body, "Code");
  const get = (path: string, headers = {}) => endpoint.signed({ method: "GET", path, headers });
  const put = (path: string, body: string, headers = {}) => endpoint.signed({ method: "PUT", path, body, headers });

  /** Signs with exactly these headers, as clients do that sign Expect, Range or User-Agent. */
  function signAll(method: string, path: string, query: string, headers: Record<string, string>): string {
    const names = Object.keys(headers).sort();
    const canonical = [
      method,
      path,
      query,
      ...names.map((name) => `${name}:${headers[name]}`),
      "",
      names.join(";"),
      headers["x-amz-content-sha256"],
    ].join("\n");
    const date = headers["x-amz-date"]!;
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
    const key = scope
      .split("/")
      .reduce<string | Buffer>(
        (secret, text) => createHmac("sha256", secret).update(text).digest(),
        `AWS4${testKey.secretAccessKey}`,
      );
    const signature = createHmac("sha256", key)
      .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`)
      .digest("hex");
    return `AWS4-HMAC-SHA256 Credential=testkey/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  }
  const now = () => new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");

  it("names every operation of S3's API as served or not offered", () => {
    const names = Object.keys(sdk)
      .filter((name) => name.endsWith("Command") && !name.startsWith("$") && name !== "Command")
      .map((name) => name.slice(0, -"Command".length));
    const ours = new Set([...operations, ...unserved].map(({ name }) => name));
    expect(names.filter((name) => !ours.has(name))).to.deep.equal([]);
    expect(ours.size).to.equal(operations.length + unserved.length);
  });

  it("answers NotImplemented by name to each operation that is not served", async () => {
    for (const { name, match } of unserved) {
      const path = { service: "/", bucket: "/bucket", object: "/bucket/hello" }[match.scope];
      const [header, value = "x"] = match.header?.split("=") ?? [];
      const answer = await endpoint.signed({
        method: match.method,
        path: `${path}?${(match.query ?? []).join("&")}`,
        headers: header ? { [header]: value } : {},
      });
      expect([answer.status, code(answer), element(answer.body, "Message")], name).to.deep.equal([
        501,
        "NotImplemented",
        `${name} is not implemented.`,
      ]);
    }
  });

  it("answers what AWS answers to a read of what was never configured", async () => {
    const expected: Record<string, string | undefined> = {
      versioning: undefined,
      policy: "NoSuchBucketPolicy",
      policyStatus: "NoSuchBucketPolicy",
      publicAccessBlock: "NoSuchPublicAccessBlockConfiguration",
      ownershipControls: "OwnershipControlsNotFoundError",
      encryption: "ServerSideEncryptionConfigurationNotFoundError",
      tagging: "NoSuchTagSet",
      lifecycle: "NoSuchLifecycleConfiguration",
      cors: "NoSuchCORSConfiguration",
      "object-lock": "ObjectLockConfigurationNotFoundError",
      logging: undefined,
      requestPayment: undefined,
      accelerate: undefined,
      replication: "ReplicationConfigurationNotFoundError",
      analytics: undefined,
      "analytics&id=x": "NoSuchConfiguration",
    };
    // Set on every new bucket.
    for (const set of ["publicAccessBlock", "ownershipControls"])
      await endpoint.signed({ method: "DELETE", path: `/bucket?${set}` });
    for (const [query, refused] of Object.entries(expected)) {
      const answer = await get(`/bucket?${query}`);
      expect([answer.status, code(answer)], query).to.deep.equal([refused ? 404 : 200, refused]);
    }
    expect((await get("/bucket/hello?tagging")).body).to.contain("<TagSet></TagSet>");
    expect(code(await get("/nobucket?versioning"))).to.equal("NoSuchBucket");
  });

  it("verifies over exactly the headers and query that the client signed", async () => {
    const headers = {
      host: endpoint.host,
      "x-amz-content-sha256": sha256(""),
      "x-amz-date": now(),
      expect: "",
      range: "bytes=1-2",
      "user-agent": "me  too".replace("  ", " "),
    };
    const path = "/bucket/hello";
    const authorization = signAll("GET", path, "a=1&a=2&a-b=&prefix=%20%2B%2F%3D&x-id=GetObject", { ...headers });
    const sent = { ...headers, authorization } as Record<string, string>;
    delete sent.expect;
    expect(
      await endpoint.raw({ method: "GET", path: `${path}?x-id=GetObject&prefix=+%2b/=&a=2&a=1&a-b`, headers: sent }),
    ).to.include({ status: 206, body: "el" });
  });

  it("decodes a path exactly once and keeps its dots, slashes and plus signs", async () => {
    for (const path of ["/bucket/a%2Fb//./..%2f+%2B%20%25", "/bucket/./x", "/bucket/%E6%97%A5=1,2;3:4@5$&'()*!~"]) {
      const headers = {
        host: endpoint.host,
        "x-amz-content-sha256": sha256("v"),
        "x-amz-date": now(),
        "content-length": "1",
      };
      const canonical = path
        .split("/")
        .map((piece) =>
          encodeURIComponent(decodeURIComponent(piece))
            .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
            .replaceAll("%2F", "/"),
        )
        .join("/");
      expect(
        await endpoint.raw({
          method: "PUT",
          path,
          body: "v",
          headers: { ...headers, authorization: signAll("PUT", canonical, "", headers) },
        }),
        path,
      ).to.include({ status: 200 });
    }
    const { body } = await get("/bucket?list-type=2");
    expect(body)
      .to.contain("<Key>a/b//./../++ %</Key>")
      .and.contain("<Key>./x</Key>")
      .and.contain("<Key>日=1,2;3:4@5$&amp;'()*!~</Key>");
    expect(code(await endpoint.raw({ method: "GET", path: "/bucket/%ff" }))).to.equal("InvalidURI");
    expect(code(await endpoint.raw({ method: "GET", path: "/bucket/%00" }))).to.equal("InvalidURI");
    expect(code(await endpoint.raw({ method: "GET", path: "/bucket/%zz" }))).to.equal("InvalidURI");
  });

  it("finds the bucket in a virtual host", async () => {
    const answer = await get("/hello", { host: "bucket.s3.test:9000" });
    expect([answer.status, answer.body]).to.deep.equal([200, "hello"]);
  });

  it("refuses wrong signatures with S3's codes", async () => {
    const wrong = await endpoint.signed({ method: "GET", path: "/bucket" }, "other");
    expect([wrong.status, code(wrong)]).to.deep.equal([403, "SignatureDoesNotMatch"]);
    expect(element(wrong.body, "CanonicalRequest")).to.contain("GET\n/bucket\n");
    expect(code(await endpoint.raw({ path: "/bucket" }))).to.equal("AccessDenied");
    const stranger = await endpoint.raw(
      aws4.sign(
        { service: "s3", path: "/bucket", headers: { host: endpoint.host } },
        { accessKeyId: "nobody", secretAccessKey: "x" },
      ),
    );
    expect([stranger.status, code(stranger)]).to.deep.equal([403, "InvalidAccessKeyId"]);
    const region = await endpoint.signed({ path: "/bucket", region: "eu-west-1" });
    expect([region.status, code(region), element(region.body, "Region")]).to.deep.equal([
      400,
      "AuthorizationHeaderMalformed",
      "us-east-1",
    ]);
    expect(code(await get("/bucket", { "x-amz-date": "20200101T000000Z" }))).to.equal("RequestTimeTooSkewed");
    expect(
      code(await endpoint.raw({ path: "/bucket", headers: { authorization: "Basic a2V5OnNlY3JldA==" } })),
    ).to.equal("InvalidArgument");
    expect(
      code(
        await endpoint.raw({
          path: "/bucket",
          headers: { authorization: "AWS key:signature", date: new Date().toUTCString() },
        }),
      ),
    ).to.equal("InvalidAccessKeyId");
    const unsigned = aws4.sign({ service: "s3", path: "/bucket", headers: { host: endpoint.host } }, testKey);
    expect(
      code(await endpoint.raw({ ...unsigned, headers: { ...unsigned.headers, "x-amz-acl": "private" } })),
    ).to.equal("AccessDenied");
    expect(code(await endpoint.signed({ path: "/bucket?X-Amz-Expires=604801", signQuery: true }))).to.equal(
      "AuthorizationQueryParametersError",
    );
    expect(code(await get("/bucket", { "x-amz-security-token": "t" }))).to.equal("InvalidToken");
    expect(
      code(
        await endpoint.raw({
          method: "OPTIONS",
          path: "/bucket/hello",
          headers: { origin: "http://x", "access-control-request-method": "GET" },
        }),
      ),
    ).to.equal("AccessForbidden");
    const head = await endpoint.signed({ method: "HEAD", path: "/bucket/none" });
    expect([head.status, head.body]).to.deep.equal([404, ""]);
  });

  it("checks digests, sizes and header forms of a body", async () => {
    expect(code(await put("/bucket/x", "x", { "content-md5": "junk" }))).to.equal("InvalidDigest");
    expect(
      code(await put("/bucket/x", "x", { "content-md5": createHash("md5").update("y").digest("base64") })),
    ).to.equal("BadDigest");
    expect(code(await put("/bucket/x", "x", { "x-amz-content-sha256": sha256("y") }))).to.equal(
      "XAmzContentSHA256Mismatch",
    );
    expect(code(await put("/bucket/x", "x", { "x-amz-checksum-crc32": "AAAA" }))).to.equal("InvalidRequest");
    expect(code(await put("/bucket/x", "x", { "x-amz-meta-big": "m".repeat(2100) }))).to.equal("MetadataTooLarge");
    expect(code(await put("/bucket/x", "x", { "x-amz-acl": "everyone" }))).to.equal("InvalidArgument");
    expect(code(await put("/bucket/x", "x", { "x-amz-server-side-encryption": "aws:kms:dsse" }))).to.equal(
      "NotImplemented",
    );
    expect(code(await put("/bucket/x", "x", { "x-amz-storage-class": "GOLD" }))).to.equal("InvalidStorageClass");
    const announcing = async (headers: Record<string, string>) => {
      const signed = aws4.sign(
        { service: "s3", method: "PUT", path: "/bucket/x", headers: { host: endpoint.host, ...headers } },
        testKey,
      );
      const socket = connect(endpoint.port, "127.0.0.1");
      const lines = Object.entries(signed.headers ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
      socket.write(`PUT /bucket/x HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return String(answer);
    };
    expect(
      await announcing({ "content-length": String(5 * 1024 ** 3 + 1), "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }),
    )
      .to.contain("EntityTooLarge")
      .and.match(/^connection: close/im);
    expect(await announcing({}))
      .to.contain("HTTP/1.1 411")
      .and.contain("MissingContentLength");
    expect(code(await get("/bucket/x"))).to.equal("NoSuchKey");
  });

  it("refuses bad documents", async () => {
    const post = (body: string) =>
      endpoint.signed({
        method: "POST",
        path: "/bucket?delete",
        body,
        headers: { "content-md5": createHash("md5").update(body).digest("base64") },
      });
    expect(code(await post("<Delete>"))).to.equal("MalformedXML");
    expect(code(await post('<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>'))).to.equal(
      "MalformedXML",
    );
    expect(code(await post("<Delete><Object><Key>&e;</Key></Object></Delete>"))).to.equal("MalformedXML");
    expect(code(await post(""))).to.equal("MissingRequestBodyError");
    expect((await post("<Delete><Object><Key> a&#x41;&amp;<![CDATA[&amp;]]></Key></Object></Delete>")).body).to.contain(
      "<Key> aA&amp;&amp;amp;</Key>",
    );
  });

  it("asks for a body with 100-continue only when the headers are good", async () => {
    const send = async (secret: string) => {
      const request = aws4.sign(
        {
          service: "s3",
          method: "PUT",
          path: "/bucket/expected",
          headers: { host: endpoint.host, "content-length": 3, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
        },
        { accessKeyId: "testkey", secretAccessKey: secret },
      );
      const socket = connect(endpoint.port, "127.0.0.1");
      const headers = Object.entries({ ...request.headers, expect: "100-continue" }).map(
        ([name, value]) => `${name}: ${String(value)}`,
      );
      socket.write(`PUT /bucket/expected HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
      const [first] = (await once(socket, "data")) as [Buffer];
      socket.write("abc");
      const [second] = first.toString().startsWith("HTTP/1.1 100")
        ? ((await once(socket, "data")) as [Buffer])
        : [undefined];
      socket.destroy();
      return [first, second].map((bytes) => bytes?.toString().slice(0, 12));
    };
    expect(await send(testKey.secretAccessKey)).to.deep.equal(["HTTP/1.1 100", "HTTP/1.1 200"]);
    expect(await send("wrong")).to.deep.equal(["HTTP/1.1 403", undefined]);
  });
});

describe("An answer that takes long", () => {
  /** One that keeps such answers alive soon, and one that has time. */
  const [impatient, patient] = [new S3Endpoint(), new S3Endpoint()];
  before(async () => {
    await impatient.start({ keepAliveMs: KEEP_ALIVE_MS });
    await patient.start();
    for (const endpoint of [impatient, patient]) await endpoint.signed({ method: "PUT", path: "/bucket" });
  });
  after(() => Promise.all([impatient.stop(), patient.stop()]));
  afterEach(() => {
    for (const endpoint of [impatient, patient]) expect(endpoint.failures, "internal errors").to.deep.equal([]);
  });

  const code = (answer: { body: string }) => element(answer.body, "Code");
  const upload = async (endpoint: S3Endpoint) =>
    element((await endpoint.signed({ method: "POST", path: "/bucket/slow?uploads" })).body, "UploadId")!;

  it("of a completion is kept alive with spaces, and its outcome stands in the 200 body", async () => {
    const complete = async (endpoint: S3Endpoint, completing: () => Promise<void>) => {
      endpoint.gateway.completing = completing;
      const path = `/bucket/slow?uploadId=${await upload(endpoint)}`;
      const { headers } = await endpoint.signed({ method: "PUT", path: `${path}&partNumber=1`, body: "1" });
      return endpoint.signed({
        method: "POST",
        path,
        body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part></CompleteMultipartUpload>`,
      });
    };
    const slow = await complete(impatient, wait);
    expect(slow.status).to.equal(200);
    expect(slow.body).to.match(/^<\?xml[^>]*\?>\n +<CompleteMultipartUploadResult /);
    const failed = await complete(impatient, async () => {
      await wait();
      throw new S3Error("TerritoryTooSmall");
    });
    expect([failed.status, code(failed)]).to.deep.equal([200, "TerritoryTooSmall"]);
    const fast = await complete(patient, () => Promise.reject(new S3Error("TerritoryTooSmall")));
    expect([fast.status, code(fast)]).to.deep.equal([403, "TerritoryTooSmall"]);
  });

  it("of a copy of an object or a part is kept alive the same way", async () => {
    const copy = async (endpoint: S3Endpoint, path: string, completing: () => Promise<void>, source: string) => {
      endpoint.gateway.completing = completing;
      return endpoint.signed({ method: "PUT", path, headers: { "x-amz-copy-source": source } });
    };
    for (const [root, pathOn] of [
      ["CopyObjectResult", () => Promise.resolve("/bucket/copy")],
      ["CopyPartResult", async (on: S3Endpoint) => `/bucket/slow?partNumber=1&uploadId=${await upload(on)}`],
    ] as const) {
      const path = await pathOn(impatient);
      await impatient.signed({ method: "PUT", path: "/bucket/source", body: "bytes" });
      const slow = await copy(impatient, path, wait, "bucket/source");
      expect(slow.status).to.equal(200);
      expect(slow.body).to.match(new RegExp(`^<\\?xml[^>]*\\?>\n +<${root} `));
      const failed = await copy(impatient, path, wait, "bucket/absent");
      expect([failed.status, code(failed)]).to.deep.equal([200, "NoSuchKey"]);
      const fast = await copy(patient, await pathOn(patient), () => Promise.resolve(), "bucket/absent");
      expect([fast.status, code(fast)]).to.deep.equal([404, "NoSuchKey"]);
    }
  });
});

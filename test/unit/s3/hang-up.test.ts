import { once } from "node:events";
import { connect, type Socket } from "node:net";
import aws4 from "aws4";
import { expect } from "chai";
import { MIB } from "../../../src/model/sizes.js";
import { eventually } from "../../support/eventually.js";
import { element, errorCode, S3Endpoint, testKey } from "../../support/s3-endpoint.js";

interface Cut {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, whose Content-Length says more. */
  readonly begin: string;
  readonly sign?: false | undefined;
}

/** A connection is closed by its end's FIN, or reset: by a process that dies, or a socket closed with bytes unread. */
type HangUp = "end" | "reset";

describe("A client that hangs up", () => {
  const endpoint = new S3Endpoint();
  before(async () => {
    await endpoint.start({ keepAliveMs: 30 });
    await endpoint.signed({ method: "PUT", path: "/bucket" });
  });
  after(() => endpoint.stop());
  afterEach(() => expect(endpoint.failures, "internal errors").to.deep.equal([]));

  function text({ method, path, headers = {}, begin, sign }: Cut, to = endpoint): string {
    const length = "transfer-encoding" in headers ? {} : { "content-length": 100_000 };
    const all = { host: to.host, ...length, ...headers };
    const request =
      sign === false
        ? { headers: all }
        : aws4.sign(
            {
              service: "s3",
              region: "us-east-1",
              method,
              path,
              headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...all },
            },
            testKey,
          );
    const lines = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
    return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${begin}`;
  }

  function open(request: Cut, to = endpoint): Socket {
    const socket = connect({ port: to.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.write(text(request, to));
    return socket;
  }

  /** What metrics and the program log, and the access log, say of a request, or of the answer to it. */
  async function told(before: number): Promise<unknown[]> {
    while (endpoint.answers.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    const entry = endpoint.entries.at(-1);
    return [endpoint.answers.at(-1)?.status, entry?.status, entry?.errorCode];
  }

  async function cut(request: Cut, how: HangUp): Promise<unknown[]> {
    const before = endpoint.answers.length;
    const begun = endpoint.nextRequest();
    const socket = open(request);
    await begun;
    if (how === "end") socket.end();
    else socket.resetAndDestroy();
    const result = await told(before);
    socket.destroy();
    return result;
  }

  const chunked = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "90000",
    "x-amz-trailer": "x-amz-checksum-crc32",
  };
  const form = '--B\r\nContent-Disposition: form-data; name="key"\r\n\r\nk';
  const bodies: readonly [string, Cut][] = [
    ["an object", { method: "PUT", path: "/bucket/k", begin: "abc" }],
    ["an object in chunks", { method: "PUT", path: "/bucket/k", headers: chunked, begin: "ffff\r\nabc" }],
    ["a chunk's header", { method: "PUT", path: "/bucket/k", headers: chunked, begin: "ff" }],
    [
      "a document",
      { method: "POST", path: "/bucket?delete", headers: { "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==" }, begin: "<" },
    ],
    [
      "a form",
      {
        method: "POST",
        path: "/bucket",
        headers: { "content-type": "multipart/form-data; boundary=B" },
        begin: form,
        sign: false,
      },
    ],
  ];
  for (const how of ["end", "reset"] as const) {
    for (const [what, request] of bodies) {
      it(`in the middle of ${what} counts as 499, no error of anybody's (${how})`, async () => {
        expect(await cut(request, how)).to.deep.equal([499, 499, undefined]);
      });
    }

    it(`in the middle of a part counts as 499 (${how})`, async () => {
      const { body } = await endpoint.signed({ method: "POST", path: "/bucket/parts?uploads" });
      const path = `/bucket/parts?partNumber=1&uploadId=${element(body, "UploadId") ?? ""}`;
      expect(await cut({ method: "PUT", path, begin: "abc" }, how)).to.deep.equal([499, 499, undefined]);
    });
  }

  it("is told IncompleteBody where it still listens, and one that stalls RequestTimeout; neither leaves anything", async () => {
    const send = async (to: S3Endpoint, end: boolean) => {
      const cut = { method: "PUT", path: "/bucket/short", headers: { "content-length": "10" }, begin: "abc" } as const;
      const socket = open(cut, to);
      if (end) socket.end();
      const code = await errorCode(socket);
      socket.destroy();
      return code;
    };
    const before = endpoint.answers.length;
    expect(await send(endpoint, true)).to.equal("IncompleteBody");
    await told(before);
    expect(endpoint.answers.at(-1)?.status).to.equal(499);
    // Only here: a machine that is busy for so long would make any body stall.
    const impatient = new S3Endpoint();
    await impatient.start({ bodyIdleMs: 300 });
    try {
      await impatient.signed({ method: "PUT", path: "/bucket" });
      expect(await send(impatient, false)).to.equal("RequestTimeout");
      await eventually("the answer is counted", () => impatient.answers.length === 2);
      expect(impatient.answers.at(-1)?.status).to.equal(400);
    } finally {
      await impatient.stop();
    }
    const got = await endpoint.signed({ method: "GET", path: "/bucket/short" });
    expect(element(got.body, "Code")).to.equal("NoSuchKey");
  });

  it("after an answer that came before its body was sent gives its place back at once", async () => {
    const before = endpoint.answers.length;
    const socket = open({ method: "PUT", path: "/nowhere?cors", begin: "" });
    expect(await errorCode(socket)).to.equal("NoSuchBucket");
    const began = performance.now();
    socket.end();
    expect((await told(before))[0]).to.equal(404);
    expect(performance.now() - began, "less than the rest of a body is waited for").to.be.lessThan(4_000);
    socket.destroy();
  });

  it("within the head of a further request has its connection closed", async () => {
    const socket = open({
      method: "GET",
      path: "/nowhere",
      headers: { "content-length": "0" },
      begin: "GET / HTTP/1.1\r\nho",
    });
    expect(await errorCode(socket)).to.equal("NoSuchBucket");
    socket.resume().end();
    await once(socket, "close");
  });

  it("or sends what is no HTTP gets the whole answer to the request before, and nothing behind it", async () => {
    const body = Buffer.alloc(8 * MIB, "bytes ");
    await endpoint.signed({ method: "PUT", path: "/bucket/whole", body });
    const socket = open({
      method: "GET",
      path: "/bucket/whole",
      headers: { "content-length": "0" },
      begin: "\u0000junk",
    });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const answer = Buffer.concat(chunks);
    expect(answer.subarray(answer.indexOf("\r\n\r\n") + 4).equals(body)).to.equal(true);
    socket.destroy();
  });

  for (const [further, sign] of [
    ["a further request", undefined],
    ["a further request that is refused", false],
  ] as const)
    it(`or breaks the body of ${further} gets the whole answer to the one before, then its own`, async () => {
      const body = Buffer.alloc(8 * MIB, "bytes ");
      await endpoint.signed({ method: "PUT", path: "/bucket/whole", body });
      const headers = { ...chunked, "transfer-encoding": "chunked" };
      const begin = text({ method: "PUT", path: "/bucket/broken", headers, begin: "no chunk\r\n", sign });
      const socket = open({
        method: "GET",
        path: "/bucket/whole",
        headers: { "content-length": "0" },
        begin,
      });
      const answers = Buffer.concat((await socket.toArray()) as Buffer[]);
      const first = answers.indexOf("\r\n\r\n") + 4;
      expect(answers.subarray(first, first + body.length).equals(body)).to.equal(true);
      const second = answers.subarray(first + body.length).toString();
      expect(second).to.match(sign === false ? /^HTTP\/1\.1 403 / : /^HTTP\/1\.1 400 /);
      expect(element(second, "Code")).to.equal(sign === false ? "AccessDenied" : "IncompleteBody");
      socket.destroy();
    });

  it("in the middle of an answer is logged for the bucket with the bytes that went out", async () => {
    const body = Buffer.alloc(32 * MIB);
    await endpoint.signed({ method: "PUT", path: "/bucket/large", body });
    const before = endpoint.answers.length;
    const socket = open({ method: "GET", path: "/bucket/large", headers: { "content-length": "0" }, begin: "" });
    await once(socket, "data");
    socket.destroy();
    expect(await told(before)).to.deep.equal([499, 499, undefined]);
    expect(endpoint.entries.at(-1)?.bytesSent).to.be.within(0, body.length - 1);
  });

  it("while it is answered ends the gateway's work, and what fails for that counts as 499", async () => {
    let entered: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (entered = resolve));
    endpoint.gateway.completing = () =>
      new Promise((_, reject) => {
        const { signal } = endpoint.gateway;
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
        entered();
      });
    const { body } = await endpoint.signed({ method: "POST", path: "/bucket/gone?uploads" });
    const uploadId = element(body, "UploadId") ?? "";
    const { headers } = await endpoint.signed({
      method: "PUT",
      path: `/bucket/gone?partNumber=1&uploadId=${uploadId}`,
      body: "1",
    });
    const document = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.etag ?? ""}</ETag></Part></CompleteMultipartUpload>`;
    const before = endpoint.answers.length;
    const socket = open({
      method: "POST",
      path: `/bucket/gone?uploadId=${uploadId}`,
      headers: { "content-length": String(document.length) },
      begin: document,
    });
    await waiting;
    expect(endpoint.gateway.signal?.aborted).to.equal(false);
    socket.destroy();
    expect(await told(before)).to.deep.equal([499, 499, undefined]);
    expect(endpoint.gateway.signal?.aborted).to.equal(true);
    endpoint.gateway.completing = () => Promise.resolve();
  });
});

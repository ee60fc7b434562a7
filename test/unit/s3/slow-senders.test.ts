import { connect, type Socket } from "node:net";
import aws4 from "aws4";
import { expect } from "chai";
import { errorCode, S3Endpoint, testKey } from "../../support/s3-endpoint.js";

/** A request's head, and as much of its body as is sent. */
interface Begun {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string;
  readonly sign?: true;
}

describe("Clients that send slowly", () => {
  const endpoint = new S3Endpoint();
  const sockets: Socket[] = [];
  before(async () => {
    await endpoint.start({ documentMs: 1_000, bodyIdleMs: 60_000, maxRequests: 16, maxAnonymousRequests: 2 });
    await endpoint.signed({ method: "PUT", path: "/bucket" });
    await endpoint.signed({ method: "DELETE", path: "/bucket?publicAccessBlock" });
    const Statement = [
      { Effect: "Allow", Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"] },
    ];
    await endpoint.signed({ method: "PUT", path: "/bucket?policy", body: JSON.stringify({ Statement }) });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    while (endpoint.answers.length < endpoint.begun) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  after(() => endpoint.stop());

  function begin({ method, path, headers = {}, body = "", sign }: Begun): Socket {
    const all = { host: endpoint.host, "content-length": 60_000, ...headers };
    const unsigned = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const signed =
      sign && aws4.sign({ service: "s3", method, path, headers: { ...all, ...unsigned } }, testKey).headers;
    const lines = Object.entries(signed ?? all).map(([name, value]) => `${name}: ${String(value)}`);
    const socket = connect(endpoint.port, "127.0.0.1");
    sockets.push(socket);
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
    return socket;
  }

  const form = { "content-type": "multipart/form-data; boundary=B" };
  const field = '--B\r\nContent-Disposition: form-data; name="key"\r\n\r\nk';
  const slow: readonly [string, Begun][] = [
    ["a document", { method: "PUT", path: "/bucket?website", body: "<", sign: true }],
    ["a document that a policy may ask about", { method: "PUT", path: "/bucket/k?tagging", body: "<", sign: true }],
    [
      "a list of keys to delete, without a signature",
      { method: "POST", path: "/bucket?delete", headers: { "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==" }, body: "<" },
    ],
    ["a form", { method: "POST", path: "/bucket", headers: form, body: field }],
  ];
  for (const [what, request] of slow) {
    it(`have so long for ${what}, however steadily they send`, async () => {
      const socket = begin(request);
      const steadily = setInterval(() => socket.write(" "), 20);
      try {
        expect(await errorCode(socket)).to.equal("RequestTimeout");
      } finally {
        clearInterval(steadily);
      }
    });
  }

  it("are told that they may not before anything of the document is read", async () => {
    const stranger = { method: "PUT", path: "/bucket?policy", headers: { "content-length": 10_000 } };
    expect(await errorCode(begin(stranger))).to.equal("AccessDenied");
    expect(await errorCode(begin({ ...stranger, path: "/nowhere?cors" }))).to.equal("NoSuchBucket");
  });

  it("take only the places of requests without a signature as long as they have none", async () => {
    const objects = [1, 2].map((n) => begin({ method: "PUT", path: `/bucket/${n}`, body: "a" }));
    while (endpoint.begun < endpoint.answers.length + objects.length)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await errorCode(begin({ method: "PUT", path: "/bucket/3", body: "a" }))).to.equal("SlowDown");
    expect(await errorCode(begin({ method: "POST", path: "/bucket", headers: form, body: field }))).to.equal(
      "SlowDown",
    );
    expect((await endpoint.signed({ method: "PUT", path: "/bucket/mine", body: "mine" })).status).to.equal(200);
  });
});

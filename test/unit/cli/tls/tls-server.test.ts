import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as netConnect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect, TLSSocket, type ConnectionOptions } from "node:tls";
import { expect } from "chai";
import { Agent, request } from "undici";
import { TlsServer } from "../../../../src/cli/tls/tls-server.js";
import { loopbackCertificate, renewedCertificate } from "../../../support/loopback-certificate.js";

describe("A server that speaks TLS", () => {
  let server: TlsServer;
  let port: number;
  beforeEach(async () => {
    server = new TlsServer(loopbackCertificate);
    server.on("request", (request, response) =>
      response.end(`${request.url} ${request.socket instanceof TLSSocket ? request.socket.getProtocol() : "plain"}`),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });

  const get = async (ca: string) => {
    const dispatcher = new Agent({ connect: { ca } });
    try {
      const answer = await request(`https://127.0.0.1:${port}/path`, { dispatcher });
      return await answer.body.text();
    } finally {
      await dispatcher.close();
    }
  };
  const rejected = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error as NodeJS.ErrnoException).code ?? (error as Error).message,
    );
  const handshake = async (options: ConnectionOptions): Promise<TLSSocket> => {
    const socket = connect({ port, host: "127.0.0.1", ca: loopbackCertificate.cert, ...options });
    await once(socket, "secureConnect");
    return socket;
  };

  it("answers a client that verifies its certificate, by TLS 1.3", async () => {
    expect(await get(loopbackCertificate.cert)).to.equal("/path TLSv1.3");
    expect(await rejected(get(renewedCertificate.cert))).to.be.oneOf([
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "CERT_SIGNATURE_FAILURE",
    ]);
  });

  it("speaks HTTP/1.1 by TLS 1.2 and above, and nothing else", async () => {
    const socket = await handshake({ ALPNProtocols: ["h2", "http/1.1"], maxVersion: "TLSv1.2" });
    expect([socket.alpnProtocol, socket.getProtocol()]).to.deep.equal(["http/1.1", "TLSv1.2"]);
    socket.destroy();
    expect(await rejected(handshake({ ALPNProtocols: ["h2"] }))).to.match(/ALPN|NO_APPLICATION_PROTOCOL/i);
    expect(await rejected(handshake({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }))).to.be.a("string");
  });

  it("uses another pair for the connections that come after it was renewed, and keeps the others", async () => {
    const before = await handshake({});
    server.renew(renewedCertificate);
    expect(await get(renewedCertificate.cert)).to.equal("/path TLSv1.3");
    expect(await rejected(get(loopbackCertificate.cert))).to.be.a("string");
    before.write("GET /kept HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await text(before)).to.contain("/kept TLSv1.3");
    expect(
      await rejected(handshake({ ca: renewedCertificate.cert, maxVersion: "TLSv1.1", minVersion: "TLSv1" })),
    ).to.be.a("string");
  });

  it("tells a client of plain HTTP what to do, and closes", async () => {
    const outgoing = httpRequest({ host: "127.0.0.1", port, method: "PUT", path: "/bucket/key", agent: false });
    outgoing.on("error", () => undefined);
    const answered = once(outgoing, "response");
    outgoing.end(Buffer.alloc(1000));
    const [response] = (await answered) as [IncomingMessage];
    expect(response.statusCode).to.equal(400);
    expect(await text(response)).to.contain("https://");
  });

  it("closes connections of those who send something else, or leave at once, and goes on", async () => {
    const raw = async (bytes: Buffer): Promise<string> => {
      const socket = netConnect(port, "127.0.0.1");
      socket.on("error", () => undefined).end(bytes);
      return text(socket).catch(() => "reset");
    };
    expect(await raw(Buffer.alloc(0))).to.equal("");
    expect(await raw(Buffer.from([0x00, 0xff, 0x10]))).to.contain("400 Bad Request");
    await raw(Buffer.from([0x16, 0x03, 0x01, 0xff, 0xff, 0x00]));
    await raw(Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05]), Buffer.from("wrong")]));
    expect(await get(loopbackCertificate.cert)).to.equal("/path TLSv1.3");
  });

  it("closes at once though clients have connected that say nothing, or stopped within the handshake", async () => {
    const silent = netConnect(port, "127.0.0.1");
    const half = netConnect(port, "127.0.0.1");
    await Promise.all([silent, half].map((socket: Socket) => once(socket, "connect")));
    half.write(Buffer.from([0x16, 0x03, 0x01]));
    expect(await get(loopbackCertificate.cert)).to.equal("/path TLSv1.3");
    const gone = Promise.all(
      [silent, half].map((socket) => once(socket.on("error", () => undefined).resume(), "close")),
    );
    const closed = new Promise((resolve) => server.close(resolve));
    await closed;
    await gone;
    server = new TlsServer(loopbackCertificate);
  });
});

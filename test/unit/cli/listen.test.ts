import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { isGateway, listen } from "../../../src/cli/listen.js";
import { TlsServer } from "../../../src/cli/tls/tls-server.js";
import { ConfigError } from "../../../src/config/config-error.js";
import { loopbackCertificate } from "../../support/loopback-certificate.js";

describe("A listener", () => {
  const failing = (code: string | undefined) => ({
    listen: () => Promise.reject(Object.assign(new Error("listen failed"), code === undefined ? {} : { code })),
  });
  const reason = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("has the URL of the port that it got", async () => {
    const server = { listen: () => Promise.resolve({ port: 4711 }) };
    expect(await listen("listen", server, { host: "127.0.0.1", port: 0 })).to.equal("http://127.0.0.1:4711");
    expect(await listen("listen", server, { host: "::1", port: 0 })).to.equal("http://[::1]:4711");
  });

  it("says which setting has an address that the system refuses, and what to choose", async () => {
    for (const [code, expected] of [
      ["EADDRINUSE", "something listens there already"],
      ["EADDRNOTAVAIL", "this machine does not have that address"],
      ["EACCES", "choose one above 1023"],
      ["ENOTFOUND", "there is no such host name"],
    ] as const) {
      const error = await reason(listen("adminListen", failing(code), { host: "::1", port: 80 }));
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as Error).message)
        .to.contain("adminListen: cannot listen on [::1]:80: ")
        .and.contain(expected);
    }
  });

  it("knows a gateway that listens there already, also by its TLS, and takes no other server for one", async () => {
    const answers = async (server: Server) => {
      server.on("request", (_request: IncomingMessage, response: ServerResponse) => response.end("live\n"));
      return known(server);
    };
    const known = async (server: Server) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const found = await isGateway({ host: "0.0.0.0", port });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      return found;
    };
    expect(await answers(createServer())).to.equal(true);
    expect(await answers(new TlsServer(loopbackCertificate))).to.equal(true);
    expect(await known(createServer((_request, response) => response.end("a web site")))).to.equal(false);
  });

  it("passes on what is no matter of the address", async () => {
    const error = await reason(listen("listen", failing(undefined), { host: "127.0.0.1", port: 80 }));
    expect(error).to.not.be.instanceOf(ConfigError);
    expect((error as Error).message).to.equal("listen failed");
  });
});

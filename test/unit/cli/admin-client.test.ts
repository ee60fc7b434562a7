import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { AdminClient } from "../../../src/cli/admin-client.js";
import { AdminError } from "../../../src/cli/admin-error.js";
import { TlsServer } from "../../../src/cli/tls/tls-server.js";
import { loopbackCertificate, renewedCertificate } from "../../support/loopback-certificate.js";

describe("The commands' way to a running gateway", () => {
  const TOKEN = "0123456789abcdef";
  let folder: string;
  let server: Server;
  let heads: (string | undefined)[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-admin-client-"));
    heads = [];
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const listen = async (made: Server) => {
    server = made.on("request", (request: IncomingMessage, response: ServerResponse) => {
      heads.push(request.headers.authorization);
      response.end('{"fine":true}');
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const ask = (options: Parameters<typeof AdminClient.open>[0]) =>
    AdminClient.open(options).get("/thing", z.object({ fine: z.boolean() }));

  it("sends the configuration's token to the configuration's address, and to no other", async () => {
    const port = await listen(createServer());
    const config = write(
      "cess-s3.yaml",
      JSON.stringify({ adminListen: `127.0.0.1:${port}`, admin: { tokenFile: write("token", TOKEN) } }),
    );
    await ask({ config });
    const admin = `http://127.0.0.1:${port}/`;
    await ask({ config, admin });
    await ask({ admin, tokenFile: write("other", "another-token-here") });
    expect(heads).to.deep.equal([`Bearer ${TOKEN}`, undefined, "Bearer another-token-here"]);
  });

  it("sends the token that the environment names to whichever address it was told", async () => {
    const port = await listen(createServer());
    process.env["CESS_S3_ADMIN_TOKEN_FILE"] = write("token", TOKEN);
    try {
      await ask({ admin: `http://127.0.0.1:${port}` });
      await ask({ admin: `http://127.0.0.1:${port}`, tokenFile: write("other", "another-token-here") });
    } finally {
      delete process.env["CESS_S3_ADMIN_TOKEN_FILE"];
    }
    expect(heads).to.deep.equal([`Bearer ${TOKEN}`, "Bearer another-token-here"]);
  });

  it("says how to give a token where one is needed", async () => {
    server = createServer((_request, response) => response.writeHead(401).end("the admin endpoint needs its token\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const refused = await ask({ admin: `http://127.0.0.1:${port}` }).catch((error: unknown) => error);
    expect((refused as AdminError).message)
      .to.contain("the admin endpoint needs its token; ")
      .and.contain("--token-file");
  });

  it("speaks TLS as the configuration says, and sends nothing to whoever has another certificate", async () => {
    const port = await listen(new TlsServer(renewedCertificate));
    const configFor = ({ cert }: { cert: string }) =>
      write(
        "cess-s3.yaml",
        JSON.stringify({
          // It listens on all addresses, and is asked on one that the certificate need not be for.
          adminListen: `0.0.0.0:${port}`,
          admin: { tokenFile: write("token", TOKEN) },
          tls: { certFile: write("tls.crt", cert), keyFile: join(folder, "not-read") },
        }),
      );
    expect(await ask({ config: configFor(renewedCertificate) })).to.deep.equal({ fine: true });
    expect(heads).to.deep.equal([`Bearer ${TOKEN}`]);
    const refused = await ask({ config: configFor(loopbackCertificate) }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(AdminError);
    expect((refused as AdminError).message).to.contain("not that of tls.certFile");
    expect(heads).to.have.length(1);
  });

  it("verifies the certificate of an address that it was told", async () => {
    const port = await listen(new TlsServer(renewedCertificate));
    const refused = await ask({ admin: `https://127.0.0.1:${port}` }).catch((error: unknown) => error);
    expect((refused as AdminError).message).to.match(/self.signed/);
    expect(heads).to.deep.equal([]);
  });
});

import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { ListenerSecurity } from "../../../../src/cli/gateway/listener-security.js";
import { configSchema, type Config } from "../../../../src/config/config.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { loopbackCertificate, renewedCertificate } from "../../../support/loopback-certificate.js";
import { ManualClock } from "../../../support/manual-clock.js";

type Settings = ConstructorParameters<typeof ListenerSecurity>[1];
const TOKEN = "0123456789abcdef";
const START = Date.parse("2030-01-01T00:00:00Z");

describe("The security of the listeners", () => {
  let folder: string;
  let clock: ManualClock;
  let lines: { readonly level: string; readonly message: string; readonly fields: object }[];
  let security: ListenerSecurity | undefined;
  let server: Server | undefined;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-security-"));
    clock = new ManualClock();
    await clock.advance(START - clock.now());
    lines = [];
  });
  afterEach(async () => {
    security?.close();
    server?.closeAllConnections();
    if (server?.listening === true) await new Promise((resolve) => server?.close(resolve));
    [security, server] = [undefined, undefined];
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const writePair = ({ cert, key }: { cert: string; key: string }) => ({
    certFile: write("tls.crt", cert),
    keyFile: write("tls.key", key),
  });
  const settings = (values: object): Settings => {
    const { adminListen, admin, console, peers, public: everyone, tls, limits } = configSchema.shape;
    const parsed = { adminListen, admin, console, peers, public: everyone, tls, limits };
    return Object.fromEntries(
      Object.entries(parsed).map(([name, schema]) => [name, schema.parse((values as Record<string, unknown>)[name])]),
    ) as unknown as Pick<Config, keyof typeof parsed>;
  };
  const open = (values: object) => {
    const line = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields });
    const log = { info: line("info"), warn: line("warn"), error: line("error") };
    return (security = new ListenerSecurity({ clock, log }, settings(values)));
  };
  const said = (level: string) => lines.filter((line) => line.level === level).map(({ message }) => message);
  const identify = (token: string) => security?.adminAccess.identify(`Bearer ${token}`, "10.0.0.1").kind;

  /** The fingerprint of the certificate that a new connection gets. */
  const presented = async () => {
    if (!server) {
      server = security?.createServer("s3")({}, (_request, response) => response.end());
      server?.listen(0, "127.0.0.1");
      await once(server!, "listening");
    }
    const socket: TLSSocket = connect({
      port: (server?.address() as AddressInfo).port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
    });
    await once(socket, "secureConnect");
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };

  it("does not begin with an admin listener that others can reach without a token, or with a weak one", () => {
    const adminListen = "0.0.0.0:9001";
    expect(() => open({ adminListen })).to.throw(ConfigError, /adminListen.*admin\.tokenFile/);
    for (const [text, words] of [
      ["short", "16 to 1024"],
      ["", "is empty"],
      ["0123456789 abcdef", "without spaces"],
    ] as const) {
      const tokenFile = write("token", text);
      expect(() => open({ adminListen, admin: { tokenFile } }), text).to.throw(ConfigError, words);
    }
    open({ adminListen, admin: { tokenFile: write("token", `${TOKEN}\n`) } });
    expect([identify(TOKEN), identify("another token")]).to.deep.equal(["operator", "refused"]);
    expect(said("warn")[0]).to.contain("without TLS");
  });

  it("does not begin with a pair that cannot be used", () => {
    const { certFile } = writePair(loopbackCertificate);
    const tls = { certFile, keyFile: write("other.key", renewedCertificate.key) };
    expect(() => open({ tls })).to.throw(ConfigError, "does not belong");
    expect(() => open({ tls: { ...tls, keyFile: join(folder, "absent") } })).to.throw(ConfigError, "tls.keyFile");
  });

  it("uses a certificate that was renewed on the disk, also behind a link, within ten seconds", async () => {
    const [old, next] = [writePair(loopbackCertificate).certFile, write("next.crt", renewedCertificate.cert)];
    const keyFile = write("next.key", renewedCertificate.key);
    const link = { certFile: join(folder, "link.crt"), keyFile: join(folder, "link.key") };
    symlinkSync(old, link.certFile);
    symlinkSync(join(folder, "tls.key"), link.keyFile);
    open({ tls: link });
    expect(await presented()).to.equal("cess-s3 tests");
    unlinkSync(link.certFile);
    symlinkSync(next, link.certFile);
    await clock.advance(10_000);
    expect(await presented(), "while the two do not fit").to.equal("cess-s3 tests");
    expect(said("error")).to.have.length(1);
    await clock.advance(10_000);
    expect(said("error"), "is not repeated").to.have.length(1);
    unlinkSync(link.keyFile);
    symlinkSync(keyFile, link.keyFile);
    await clock.advance(10_000);
    expect(await presented()).to.equal("cess-s3 tests, renewed");
    expect(said("error")).to.have.length(1);
  });

  it("keeps the old certificate and token while their files are gone or broken", async () => {
    const tls = writePair(loopbackCertificate);
    const tokenFile = write("token", TOKEN);
    open({ tls, admin: { tokenFile } });
    rmSync(tls.keyFile);
    write("token", "short");
    await clock.advance(10_000);
    expect(await presented()).to.equal("cess-s3 tests");
    expect(identify(TOKEN)).to.equal("operator");
    expect(said("error")).to.have.length(1);
    writePair(loopbackCertificate);
    write("token", "another-token-of-the-operator");
    await clock.advance(10_000);
    expect([identify(TOKEN), identify("another-token-of-the-operator")]).to.deep.equal(["refused", "operator"]);
  });

  it("takes other settings whole or not at all", async () => {
    const tls = writePair(loopbackCertificate);
    const tokenFile = write("token", TOKEN);
    const secured = open({ tls, admin: { tokenFile }, adminListen: "0.0.0.0:1" });
    const other = write("other", "another-token-of-the-operator");
    const wrong = { certFile: write("wrong.crt", renewedCertificate.cert), keyFile: tls.keyFile };
    expect(() => secured.prepare(settings({ tls: wrong, admin: { tokenFile: other } }))).to.throw(ConfigError);
    expect(() => secured.prepare(settings({ tls })), "the listener is open to others").to.throw(
      ConfigError,
      "admin.tokenFile",
    );
    expect(identify(TOKEN)).to.equal("operator");
    secured.prepare(
      settings({
        tls: { certFile: wrong.certFile, keyFile: write("right.key", renewedCertificate.key) },
        admin: { tokenFile: other },
        limits: { perKey: { requestsPerSecond: 1, burst: 1 } },
      }),
    )();
    expect(identify("another-token-of-the-operator")).to.equal("operator");
    expect(await presented()).to.equal("cess-s3 tests, renewed");
    expect([secured.rates.key("A"), secured.rates.key("A")]).to.deep.equal([0, 1000]);
  });

  it("tells when the certificate ends, and warns two weeks before", async () => {
    await clock.advance(Date.parse("2126-10-25T00:00:00Z") - clock.now());
    const secured = open({ tls: writePair(loopbackCertificate) });
    expect(new Date((secured.certificateEnd ?? 0) * 1000).toISOString()).to.equal("2126-11-02T11:37:55.000Z");
    expect(said("warn")[0]).to.contain("ends soon");
    expect(
      new ListenerSecurity({ clock, log: { info() {}, warn() {}, error() {} } }, settings({})).certificateEnd,
    ).to.equal(undefined);
  });
});

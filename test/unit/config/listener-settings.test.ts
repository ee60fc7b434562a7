import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { changedSettings } from "../../../src/config/changed-settings.js";
import { ConfigError } from "../../../src/config/config-error.js";
import { secureListeners } from "../../../src/config/listener-settings.js";
import { loadAdminConfig, loadConfig } from "../../../src/config/load.js";
import { isLoopback } from "../../../src/config/loopback.js";

const minimal = {
  chain: { endpoints: ["ws://127.0.0.1:9944"], mnemonicFile: "/run/secrets/mnemonic" },
  accounts: [
    {
      name: "alice",
      cessAccount: "c".repeat(49),
      territory: "photos",
      accessKeyId: "ALICE",
      secretAccessKey: "alicesecret",
    },
  ],
  encryption: { default: "none" },
};
const tls = { certFile: "/etc/tls.crt", keyFile: "/etc/tls.key" };

describe("The settings of the listeners", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-listeners-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const load = (values: object, environment: Readonly<Record<string, string>> = {}) => {
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, JSON.stringify({ ...minimal, ...values }));
    return loadConfig(path, environment);
  };

  it("know which addresses no other machine can reach", () => {
    for (const host of ["127.0.0.1", "127.8.0.1", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"])
      expect(isLoopback(host), host).to.equal(true);
    for (const host of [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "128.0.0.1",
      "127.example.com",
      "localhost.example.com",
      "1127.0.0.1",
      "::1:1",
    ])
      expect(isLoopback(host), host).to.equal(false);
  });

  it("let the admin listener leave this machine only with a token", () => {
    load({});
    load({ adminListen: "[::1]:9001" });
    for (const adminListen of ["0.0.0.0:9001", "[::]:9001", "10.0.0.5:9001"]) {
      expect(() => load({ adminListen }), adminListen).to.throw(ConfigError, "CESS_S3_ADMIN_TOKEN_FILE");
      load({ adminListen, admin: { tokenFile: "/run/token" } });
    }
    expect(() => load({}, { CESS_S3_ADMIN_LISTEN: "0.0.0.0:9001" })).to.throw(
      ConfigError,
      "CESS_S3_ADMIN_LISTEN: adminListen: 0.0.0.0:9001 can be reached from other machines",
    );
  });

  it("have TLS for S3, and for the others where other machines can reach them, or for those that are named", () => {
    const listeners = (values: object) => [...secureListeners(load(values))].sort();
    expect(listeners({})).to.deep.equal([]);
    expect(listeners({ tls })).to.deep.equal(["s3"]);
    expect(listeners({ tls, peers: { listen: "127.0.0.1:1" } })).to.deep.equal(["s3"]);
    const admin = { tokenFile: "/run/token" };
    const open = { adminListen: "0.0.0.0:9001", admin, peers: { listen: "0.0.0.0:9002" } };
    expect(listeners({ tls, ...open })).to.deep.equal(["admin", "peers", "s3"]);
    expect(listeners({ tls: { ...tls, listeners: ["admin"] }, ...open })).to.deep.equal(["admin"]);
  });

  it("need both files of a certificate", () => {
    expect(() => load({ tls: { certFile: "/a" } })).to.throw(ConfigError, "tls.keyFile: is missing");
    expect(() => load({}, { CESS_S3_TLS_KEY_FILE: "/a" })).to.throw(ConfigError, "tls.certFile: is missing");
    expect(() => load({ tls: { listeners: ["s3"] } })).to.throw(ConfigError, "tls.certFile: is missing");
    expect(() => load({ tls: { ...tls, listeners: ["web"] } })).to.throw(ConfigError, "s3, admin, console, peers");
  });

  it("come from the environment, too, also for the commands that ask a running gateway", () => {
    const environment = {
      CESS_S3_TLS_CERT_FILE: "/c",
      CESS_S3_TLS_KEY_FILE: "/k",
      CESS_S3_TLS_LISTENERS: "s3, admin",
      CESS_S3_ADMIN_TOKEN_FILE: "/t",
      CESS_S3_PUBLIC_METRICS: "true",
      CESS_S3_ACCEPT_ANY_REGION: "true",
      CESS_S3_KEY_REQUESTS_PER_SECOND: "2.5",
      CESS_S3_ADDRESS_BURST: "7",
    };
    const { limits, ...config } = load({}, environment);
    expect(config.tls).to.deep.equal({ certFile: "/c", keyFile: "/k", listeners: ["s3", "admin"] });
    expect(config.admin).to.deep.equal({ tokenFile: "/t", publicMetrics: true });
    expect(config.acceptAnyRegion).to.equal(true);
    expect([limits.perKey, limits.perAddress]).to.deep.equal([
      { requestsPerSecond: 2.5 },
      { requestsPerSecond: 0, burst: 7 },
    ]);
    expect(secureListeners(loadAdminConfig(undefined, environment)).has("admin")).to.equal(true);
  });
});

describe("Settings that have changed", () => {
  it("are named by their keys, lists as a whole, without their values", () => {
    const before = { listen: { host: "a", port: 1 }, cache: { memory: 1, disk: 2 }, names: ["a"], gone: "secret-1" };
    const after = {
      listen: { host: "a", port: 2 },
      cache: { memory: 1, disk: 2 },
      names: ["a", "b"],
      come: "secret-2",
    };
    expect(changedSettings(before, after)).to.deep.equal(["come", "gone", "listen.port", "names"]);
    expect(changedSettings(before, structuredClone(before))).to.deep.equal([]);
  });
});

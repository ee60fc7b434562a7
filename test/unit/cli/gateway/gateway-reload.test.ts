import { expect } from "chai";
import type { AuditRecord } from "../../../../src/admin/audit-log.js";
import { GatewayReload } from "../../../../src/cli/gateway/gateway-reload.js";
import { loadedOf } from "../../../../src/cli/loaded-config.js";
import { configSchema } from "../../../../src/config/config.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { Settings } from "../../../../src/config/settings.js";
import { GATEWAY_VARIABLES } from "../../../../src/config/variables.js";

const given = (environment: Readonly<Record<string, string>> = {}, secretAccessKey = "planted-secret-1"): Settings =>
  Settings.of({
    logLevel: "warn",
    encryption: { default: "none" },
    chain: { endpoints: ["ws://127.0.0.1:1"], mnemonic: "//Gateway" },
    accounts: [
      { name: "alice", cessAccount: "c".repeat(49), territory: "photos", accessKeyId: "ALICE", secretAccessKey },
    ],
  }).overlay(environment, GATEWAY_VARIABLES);

describe("Reading the configuration again", () => {
  let applied: string[];
  let records: AuditRecord[];
  let lines: { readonly level: string; readonly fields: Record<string, unknown> }[];
  let level: { level: string };
  let refuse: { accounts?: Error; security?: Error };
  let reload: GatewayReload;
  beforeEach(() => {
    [applied, records, lines, refuse, level] = [[], [], [], {}, { level: "warn" }];
    const line = (name: string) => (fields: object) =>
      void lines.push({ level: name, fields: fields as Record<string, unknown> });
    const log = Object.assign(level, { info: line("info"), warn: line("warn"), error: line("error") });
    reload = new GatewayReload(
      {
        accounts: {
          replace: (configured) => {
            if (refuse.accounts) return Promise.reject(refuse.accounts);
            applied.push(`accounts ${configured.map(({ name }) => name).join(" ")}`);
            return Promise.resolve();
          },
        },
        security: {
          prepare: () => {
            if (refuse.security) throw refuse.security;
            return () => void applied.push("security");
          },
        },
        audit: { record: (record) => Promise.resolve(void records.push(record)) },
        log: log as never,
      },
      given().check(configSchema),
    );
  });
  const run = (load: () => Settings) => reload.run(() => loadedOf(load()));
  const told = (name: string) => lines.filter((line) => line.level === name).map(({ fields }) => fields);

  it("uses what can be changed, and names what needs a restart each time that it differs", async () => {
    const next = given({ CESS_S3_CACHE_DISK: "1GiB", CESS_S3_LOG_LEVEL: "debug", CESS_S3_KEY_BURST: "5" });
    await run(() => next);
    expect(applied).to.deep.equal(["accounts alice", "security"]);
    expect(level.level).to.equal("debug");
    expect(told("info")).to.deep.equal([{ changed: ["limits.perKey.burst", "logLevel"] }]);
    expect(told("warn")).to.deep.equal([{ settings: ["cache.disk"] }]);
    await run(() => next);
    expect(told("info").at(-1)).to.deep.equal({ changed: [] });
    expect(told("warn")).to.have.length(2);
    expect(records.map(({ act, result }) => [act, result])).to.deep.equal([
      ["reload", "done"],
      ["reload", "done"],
    ]);
  });

  it("begins no TLS, and ends none, before the next start", async () => {
    await run(() => given({ CESS_S3_TLS_CERT_FILE: "/c", CESS_S3_TLS_KEY_FILE: "/k" }));
    expect(told("warn")).to.deep.equal([{ settings: ["tls.certFile", "tls.keyFile"] }]);
  });

  it("changes nothing where something is wrong, says what, and goes on", async () => {
    const wrong = new ConfigError("there is no such file");
    await run(() => {
      throw wrong;
    });
    await run(() => given({ CESS_S3_CACHE_DISK: "much" }));
    refuse = { security: ConfigError.of("admin.tokenFile", "it is empty") };
    await run(() => given({ CESS_S3_LOG_LEVEL: "debug", CESS_S3_ADMIN_TOKEN_FILE: "/t" }));
    refuse = { accounts: new ConfigError("the access key ALICE is configured twice") };
    await run(() => given({ CESS_S3_LOG_LEVEL: "debug" }));
    expect([applied, level.level]).to.deep.equal([[], "warn"]);
    expect(told("error").map(({ reason }) => reason)).to.deep.equal([
      "there is no such file",
      'invalid configuration:\n  CESS_S3_CACHE_DISK: cache.disk: not a size: "much"; write a number of bytes, or a number with KiB, MiB, GiB or TiB, such as 256MiB',
      "CESS_S3_ADMIN_TOKEN_FILE: admin.tokenFile: it is empty",
      "the access key ALICE is configured twice",
    ]);
    expect(records.map(({ result }) => result.split(":", 1)[0])).to.deep.equal([
      "refused",
      "refused",
      "refused",
      "refused",
    ]);
    refuse = {};
    await run(() => given({ CESS_S3_LOG_LEVEL: "debug" }));
    expect(level.level).to.equal("debug");
  });

  it("tells no secret", async () => {
    await run(() => given({}, "planted-secret-2"));
    expect(told("info")).to.deep.equal([{ changed: ["accounts"] }]);
    expect(JSON.stringify([records, lines])).to.not.contain("planted");
  });
});

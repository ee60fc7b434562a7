import { expect } from "chai";
import type { AuditRecord } from "../../../../src/admin/audit-log.js";
import { GatewayReload } from "../../../../src/cli/gateway/gateway-reload.js";
import type { Config } from "../../../../src/config/config.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { loadDevGatewayConfig } from "../../../../src/config/load.js";

const base = (environment: Readonly<Record<string, string>> = {}): Config =>
  loadDevGatewayConfig(
    {
      chain: { endpoints: ["ws://127.0.0.1:1"], mnemonic: "//Gateway" },
      accounts: [
        {
          name: "alice",
          cessAccount: "c".repeat(49),
          territory: "photos",
          accessKeyId: "ALICE",
          secretAccessKey: "planted-secret-1",
        },
      ],
      allowPrivateNodes: true,
      reportTimeoutBlocks: 10,
    },
    environment,
  );

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
            if (refuse.accounts) throw refuse.accounts;
            applied.push(`accounts ${configured.map(({ name }) => name).join(" ")}`);
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
      base(),
    );
  });
  const told = (name: string) => lines.filter((line) => line.level === name).map(({ fields }) => fields);

  it("uses what can be changed, and names what needs a restart each time that it differs", async () => {
    const next = { ...base({ CESS_S3_CACHE_DISK: "1GiB", CESS_S3_LOG_LEVEL: "debug", CESS_S3_KEY_BURST: "5" }) };
    await reload.run(() => next);
    expect(applied).to.deep.equal(["accounts alice", "security"]);
    expect(level.level).to.equal("debug");
    expect(told("info")).to.deep.equal([{ changed: ["limits.perKey.burst", "logLevel"] }]);
    expect(told("warn")).to.deep.equal([{ settings: ["cache.disk"] }]);
    await reload.run(() => next);
    expect(told("info").at(-1)).to.deep.equal({ changed: [] });
    expect(told("warn")).to.have.length(2);
    expect(records.map(({ act, result }) => [act, result])).to.deep.equal([
      ["reload", "done"],
      ["reload", "done"],
    ]);
  });

  it("begins no TLS, and ends none, before the next start", async () => {
    await reload.run(() => base({ CESS_S3_TLS_CERT_FILE: "/c", CESS_S3_TLS_KEY_FILE: "/k" }));
    expect(told("warn")).to.deep.equal([{ settings: ["tls.certFile", "tls.keyFile"] }]);
  });

  it("changes nothing where something is wrong, says what, and goes on", async () => {
    const wrong = new ConfigError("cache.disk: not a size");
    await reload.run(() => {
      throw wrong;
    });
    refuse = { security: new ConfigError("tls.certFile: ended") };
    await reload.run(() => base({ CESS_S3_LOG_LEVEL: "debug" }));
    refuse = { accounts: new ConfigError("the access key ALICE is configured twice") };
    await reload.run(() => base({ CESS_S3_LOG_LEVEL: "debug" }));
    expect([applied, level.level]).to.deep.equal([[], "warn"]);
    expect(told("error").map(({ reason }) => reason)).to.deep.equal([
      "cache.disk: not a size",
      "tls.certFile: ended",
      "the access key ALICE is configured twice",
    ]);
    expect(records.map(({ result }) => result.split(":", 1)[0])).to.deep.equal(["refused", "refused", "refused"]);
    refuse = {};
    await reload.run(() => base({ CESS_S3_LOG_LEVEL: "debug" }));
    expect(level.level).to.equal("debug");
  });

  it("tells no secret", async () => {
    const next = base();
    const accounts = next.accounts.map((account) => ({ ...account, secretAccessKey: "planted-secret-2" }));
    await reload.run(() => ({ ...next, accounts }));
    expect(told("info")).to.deep.equal([{ changed: ["accounts"] }]);
    expect(JSON.stringify([records, lines])).to.not.contain("planted");
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { configSchema } from "../../../src/config/config.js";
import { gatewaySettings, loadConfig } from "../../../src/config/load.js";
import { shownSettings } from "../../../src/config/shown.js";

const FILE = `\
chain:
  endpoints: [wss://user:planted1@chain.example.com/rpc?key=planted2, ws://127.0.0.1:1]
  mnemonic: planted3 planted3
encryption: { default: none, masterKey: planted4 }
cache:
  disk: 5GiB
accounts:
  - name: alice
    cessAccount: cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y
    territory: photos
    accessKeyId: ALICE
    secretAccessKey: planted5planted5
    keys:
      - { accessKeyId: READER, secretAccessKeySealed: planted6, prefixes: [a/, b/] }
notifications:
  webhooks: [{ name: orders, url: "https://chat.example.com/planted7" }]
`;

describe("config show", () => {
  let path: string;
  before(() => (path = join(mkdtempSync(join(tmpdir(), "cess-s3-shown-")), "c.yaml")));
  before(() => writeFileSync(path, FILE));
  after(() => rmSync(join(path, ".."), { recursive: true }));
  const shown = (environment: Readonly<Record<string, string>> = {}) => {
    const settings = gatewaySettings(path, environment);
    settings.check(configSchema);
    return shownSettings(settings);
  };

  it("tells of each value whether it comes from the file and which line, a variable, or a default", () => {
    const text = shown({ CESS_S3_REGION: "eu-1", CESS_S3_CACHE_MEMORY: "1GiB" });
    for (const line of [
      "listen: 127.0.0.1:9000  # default",
      "region: eu-1  # CESS_S3_REGION",
      "  memory: 1GiB  # CESS_S3_CACHE_MEMORY",
      `  disk: 5GiB  # ${path}:6`,
      `  - name: alice  # ${path}:8`,
      "    readsNetwork: false  # default",
      `        prefixes: [a/, b/]  # ${path}:14`,
      "        permission: read-write  # default",
    ])
      expect(text.split("\n")).to.include(line);
    expect(text, "what is not there is not shown").to.not.contain("vault");
  });

  it("is the configuration itself, but for its secrets", () => {
    const text = shown({ CESS_S3_WEBHOOKS: "chat=https://chat.example.com/planted8" });
    expect(text).to.not.contain("planted");
    expect(text).to.contain("chat=https://chat.example.com/…");
    const values = parse(text) as Record<string, unknown>;
    const again = join(path, "..", "again.yaml");
    writeFileSync(again, text.replaceAll("(hidden)", "long enough a secret"));
    const { accounts, chain, notifications, encryption, ...rest } = loadConfig(path, {});
    const { accounts: a, chain: c, notifications: n, encryption: e, ...same } = loadConfig(again, {});
    expect(same).to.deep.equal(rest);
    expect([a.length, c.blockMs, n.maxAgeDays, e.default]).to.deep.equal([
      accounts.length,
      chain.blockMs,
      notifications.maxAgeDays,
      encryption.default,
    ]);
    expect(values["accounts"]).to.be.an("array").with.lengthOf(1);
  });

  it("hides every secret there is, in the file and the environment", () => {
    const text = shown();
    expect(text).to.not.contain("planted");
    for (const line of [
      "  mnemonic: (hidden)",
      "  masterKey: (hidden)",
      "    secretAccessKey: (hidden)",
      "secretAccessKeySealed: (hidden)",
      "wss://…@chain.example.com/…?…",
      "url: https://chat.example.com/…",
    ])
      expect(text).to.contain(line);
  });
});

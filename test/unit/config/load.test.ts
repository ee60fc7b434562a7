import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ConfigError } from "../../../src/config/config-error.js";
import { loadConfig, loadDevConfig, loadDevGatewayConfig } from "../../../src/config/load.js";

const account = {
  name: "alice",
  cessAccount: "c".repeat(49),
  territory: "photos",
  accessKeyId: "ALICE",
  secretAccessKey: "alicesecret",
};
const minimal = {
  chain: { endpoints: ["ws://127.0.0.1:9944"], mnemonicFile: "/run/secrets/mnemonic" },
  accounts: [account],
  encryption: { default: "AES256" },
};

describe("configuration", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-config-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string) => {
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, text);
    return path;
  };

  it("has a default for everything but the chain and the accounts", () => {
    const config = loadConfig(write(JSON.stringify(minimal)), {});
    expect(config.listen).to.deep.equal({ host: "127.0.0.1", port: 9000 });
    expect(config.adminListen).to.deep.equal({ host: "127.0.0.1", port: 9001 });
    expect(config.region).to.equal("us-east-1");
    expect(config.cache.memory).to.equal(256 * 2 ** 20);
    expect(config.allowPrivateNodes).to.equal(false);
  });

  it("lets the environment outrank the file", () => {
    const path = write(JSON.stringify({ ...minimal, listen: "127.0.0.1:1", cache: { disk: "1GiB" } }));
    const config = loadConfig(path, {
      CESS_S3_LISTEN: "0.0.0.0:8000",
      CESS_S3_CACHE_MEMORY: "1.5MiB",
      CESS_S3_CHAIN_ENDPOINTS: "ws://a:1, wss://b:2",
    });
    expect(config.listen).to.deep.equal({ host: "0.0.0.0", port: 8000 });
    expect(config.cache).to.deep.equal({ memory: 1.5 * 2 ** 20, disk: 2 ** 30 });
    expect(config.chain.endpoints).to.deep.equal(["ws://a:1", "wss://b:2"]);
  });

  it("makes the operator choose whether objects are encrypted, and says why", () => {
    const unchosen = { chain: minimal.chain, accounts: minimal.accounts };
    expect(() => loadConfig(write(JSON.stringify(unchosen)), {})).to.throw(
      ConfigError,
      /must be chosen: AES256 or none.*readable by anyone(.|\n)*encryption/,
    );
    expect(() => loadConfig(write(JSON.stringify({ ...unchosen, encryption: { default: "aes" } })), {})).to.throw(
      ConfigError,
      /must be chosen/,
    );
    expect(loadConfig(write(JSON.stringify(unchosen)), { CESS_S3_ENCRYPTION: "none" }).encryption.default).to.equal(
      "none",
    );
  });

  it("lets data keys travel to Vault in clear only within the machine", () => {
    const vault = (address: string) =>
      loadConfig(write(JSON.stringify(minimal)), {
        CESS_S3_VAULT_ADDRESS: address,
        CESS_S3_VAULT_TOKEN_FILE: "/run/token",
      }).encryption.vault;
    for (const address of ["https://vault.example.com:8200", "http://127.0.0.1:8200", "http://localhost:8200/under"])
      expect(vault(address)).to.deep.equal({ address, tokenFile: "/run/token", mount: "transit" });
    for (const address of [
      "http://vault.example.com",
      "http://127.example.com",
      "http://10.0.0.1:8200",
      "ws://127.0.0.1",
    ])
      expect(() => vault(address), address).to.throw(ConfigError, /https/);
    expect(() => loadConfig(write(JSON.stringify(minimal)), { CESS_S3_VAULT_MOUNT: "kms" })).to.throw(
      ConfigError,
      /address/,
    );
    expect(() =>
      loadConfig(
        write(
          JSON.stringify({
            ...minimal,
            encryption: { default: "none", vault: { address: "https://v", tokenFile: "t", mount: "/kms/../sys" } },
          }),
        ),
        {},
      ),
    ).to.throw(ConfigError, /mount/);
  });

  it("reads the file's path from CESS_S3_CONFIG when none is given", () => {
    expect(loadConfig(undefined, { CESS_S3_CONFIG: write(JSON.stringify(minimal)) }).accounts[0]?.name).to.equal(
      "alice",
    );
  });

  it("names the field that is wrong and the one it does not know", () => {
    expect(() => loadConfig(write(JSON.stringify({ ...minimal, listen: "9000" })), {})).to.throw(ConfigError, /listen/);
    expect(() => loadConfig(write(JSON.stringify({ ...minimal, lisen: "127.0.0.1:1" })), {})).to.throw(
      ConfigError,
      /lisen/,
    );
    expect(() => loadConfig(write(JSON.stringify({ ...minimal, cache: { disk: "10 parsec" } })), {})).to.throw(
      ConfigError,
      /parsec/,
    );
    expect(() => loadConfig(write("chain: [")), "broken YAML").to.throw(ConfigError, /cannot read/);
    expect(() => loadConfig(join(folder, "absent.yaml"), {})).to.throw(ConfigError, /absent\.yaml/);
  });

  it("refuses a dev network too small to store anything", () => {
    expect(loadDevConfig({})).to.deep.equal({ dataDir: "./data", nodes: 14, blockMs: 1000, spec: 133 });
    expect(loadDevConfig({ CESS_S3_DEV_SPEC: "100", CESS_S3_DEV_BLOCK_MS: "50" })).to.deep.equal({
      dataDir: "./data",
      nodes: 14,
      blockMs: 50,
      spec: 100,
    });
    expect(() => loadDevConfig({ CESS_S3_DEV_NODES: "11" })).to.throw(ConfigError, /nodes/);
    expect(() => loadDevConfig({ CESS_S3_DEV_SPEC: "101" })).to.throw(ConfigError, /spec/);
  });

  it("gives the dev gateway the chain and accounts of its network and takes the rest from the environment", () => {
    const config = loadDevGatewayConfig(
      { chain: minimal.chain, accounts: minimal.accounts, allowPrivateNodes: true, reportTimeoutBlocks: 60 },
      { CESS_S3_LISTEN: "127.0.0.1:0", CESS_S3_DATA_DIR: "/tmp/x", CESS_S3_DOMAIN: "s3.localhost" },
    );
    expect(config).to.deep.include({
      listen: { host: "127.0.0.1", port: 0 },
      dataDir: "/tmp/x",
      domain: "s3.localhost",
      allowPrivateNodes: true,
      reportTimeoutBlocks: 60,
      encryption: { default: "none" },
    });
  });
});

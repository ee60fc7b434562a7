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

  const message = (load: () => unknown): string => {
    try {
      load();
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      // Columns are in messages.md.
      return (error as Error).message.replace(/, column \d+(?=: )/g, "");
    }
    throw new Error("it was loaded");
  };
  const yaml = (change: (lines: string[]) => void = () => undefined) => {
    const lines = [
      "listen: 127.0.0.1:9000",
      "chain:",
      "  endpoints: [ws://127.0.0.1:9944]",
      "  mnemonic: abandon ability able about above absent",
      "encryption: { default: none }",
      "accounts:",
      "  - name: alice",
      `    cessAccount: ${account.cessAccount}`,
      "    territory: photos",
      "    accessKeyId: ALICE",
      "    secretAccessKey: wJalrXUtnFEMIK7MDENG",
    ];
    change(lines);
    return write(lines.join("\n"));
  };
  const texts = ["abandon", "ability", "wJalr"];

  it("tells line and column of a mistake in YAML, and never text of the file", () => {
    expect(loadConfig(yaml(), {}).accounts[0]?.name).to.equal("alice");
    for (const [line, text, at] of [
      [3, "  mnemonic: abandon: ability able", "line 4, column 13"],
      [3, "  mnemonic: *abandon", "line 4, column 13"],
      [3, "  mnemonic: !abandon ability", "line 4, column 13"],
      [3, '  mnemonic: "abandon \\qability"', "line 4, column 22"],
      [3, "  mnemonic: 'abandon ability", "line 11"],
      [3, "  mnemonic: @abandon", "line 4, column 13"],
      [3, "\tmnemonic: abandon ability", "line 4, column 1"],
      [3, "  mnemonic abandon ability", "line 4, column 3"],
      [3, " mnemonic: abandon ability", "line 4"],
      [10, "    secretAccessKey: {wJalr", "line 11"],
      [10, "    secretAccessKey: [wJalr, wJalr", "line 11"],
      [10, "    secretAccessKey: wJalr: x", "line 11, column 22"],
      [10, "    accessKeyId: wJalrwJalr", "line 11, column 5"],
      [10, "...\n--- wJalr", "line"],
      [10, "    secretAccessKey: &a [*a, wJalr", "line"],
    ] as const) {
      const path = yaml((lines) => (lines[line] = text));
      const said = message(() => loadConfig(path, {}));
      expect(said, text).to.contain(path).and.contain(at);
      for (const secret of texts) expect(said, text).to.not.contain(secret);
    }
  });

  it("never repeats a value that may be a secret, nor a key that may be one", () => {
    for (const [line, text] of [
      [3, "  mnemonic: [abandon, ability]"],
      [3, "  mnemonic: { abandon: ability }"],
      [3, "  abandon ability able about above absent:"],
      [7, "    cessAccount: abandon ability able about above absent abandon ability able"],
      [10, "    secretAccessKey: wJalr"],
      [10, "    secretAccessKey: ${wJalr}"],
      [10, "    wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab: x"],
    ] as const) {
      const said = message(() =>
        loadConfig(
          yaml((lines) => (lines[line] = text)),
          {},
        ),
      );
      expect(said, text).to.match(/line (4|8|11): /);
      for (const secret of texts) expect(said, text).to.not.contain(secret);
    }
    const environment = { CESS_S3_MASTER_KEY: "${wJalr}", CESS_S3_MNEMONIC: "$(abandon)" };
    const said = message(() => loadConfig(yaml(), environment));
    for (const secret of texts) expect(said).to.not.contain(secret);
    expect(said).to.contain("CESS_S3_MASTER_KEY: encryption.masterKey").and.contain("CESS_S3_MNEMONIC: chain.mnemonic");
  });

  it("names the line of the file or the variable that a wrong value comes from, and what it takes", () => {
    const path = yaml((lines) => lines.push("trustProxy: maybe", "cache:", "  memory: 1 parsec", "dataDir: [a]"));
    const said = message(() =>
      loadConfig(path, {
        CESS_S3_ENCODING_THREADS: "many",
        CESS_S3_WEBHOOKS: "foo",
        CESS_S3_LOG_LEVEL: "loud",
        CESS_S3_CACHE_DISK: "big",
        CESS_S3_PEER_ENDPOINTS: "http://ok:1, nonsense",
      }),
    );
    for (const expected of [
      `${path}, line 12: trustProxy: must be true or false; it is "maybe"`,
      `${path}, line 14: cache.memory: not a size: "1 parsec"`,
      `${path}, line 15: dataDir: must be text, and is a list`,
      'CESS_S3_ENCODING_THREADS: encodingThreads: must be a whole number from 0 to 256; it is "many"',
      "CESS_S3_WEBHOOKS: notifications.webhooks[0]: each must be NAME=URL",
      "CESS_S3_LOG_LEVEL: logLevel: must be one of trace, debug",
      'CESS_S3_CACHE_DISK: cache.disk: not a size: "big"',
      "CESS_S3_PEER_ENDPOINTS: peers.endpoints[1]: must be URLs",
    ])
      expect(said).to.contain(expected);
  });

  it("says of a wrong kind of value what is there and what must be", () => {
    for (const [line, text, expected] of [
      [0, "listen: 9000", "line 1: listen: not an address to listen on: 9000"],
      [0, "encodingThreads:", "line 1: encodingThreads: must be a whole number from 0 to 256; it is empty"],
      [0, "encodingThreads: 1.5", "line 1: encodingThreads: must be a whole number from 0 to 256; it is 1.5"],
      [0, "encodingThreads: true", "line 1: encodingThreads: must be a whole number from 0 to 256; it is true"],
      [0, "accessLogs: { minutes: 0 }", "line 1: accessLogs.minutes: must be a number from 0.01 to 1440; it is 0"],
      [0, "trustProxy: [a]", "line 1: trustProxy: must be true or false; it is a list"],
      [0, "cache: 5", "line 1: cache: must hold keys and values"],
      [0, "peers: [a]", "line 1: peers: must hold keys and values, each on a line of its own below it; it is a list"],
      [2, "  endpoints: ws://one:1", "line 3: chain.endpoints: must be a list"],
      [
        9,
        "    accessKeyId: 12345",
        "line 10: accounts[0].accessKeyId: must be text, and is a number: put it in quotes",
      ],
      [
        9,
        "    accessKeyId: true",
        "line 10: accounts[0].accessKeyId: must be text, and is true or false: put it in quotes",
      ],
      [9, "    accessKeyId: A", "line 10: accounts[0].accessKeyId: must have at least 3 characters"],
      [8, "    lisen: x", 'line 9: there is no setting "lisen" in accounts[0]'],
      [5, "accountz:", 'line 6: there is no setting "accountz"'],
      [5, "accounts: { a:", "not valid YAML"],
    ] as const)
      expect(
        message(() =>
          loadConfig(
            yaml((lines) => (lines[line] = text)),
            {},
          ),
        ),
        text,
      ).to.contain(expected);
    // Beside a variable that has a place inside it, too.
    const cache = yaml((lines) => (lines[0] = "cache: 5"));
    expect(message(() => loadConfig(cache, { CESS_S3_CACHE_DISK: "1GiB" }))).to.contain("cache: must hold keys");
    expect(message(() => loadConfig(write("[a, b]"), {}))).to.contain("holds a list");
    expect(message(() => loadConfig(write("abc"), {})))
      .to.contain("holds one value")
      .and.not.contain("abc");
    expect(message(() => loadConfig(write(""), {})))
      .to.contain("chain: is missing")
      .and.contain("accounts: is missing");
    expect(message(() => loadConfig(join(folder, "none", "c.yaml"), {}))).to.contain("there is no such file");
    expect(message(() => loadConfig(folder, {}))).to.contain("it is a folder");
  });

  it("takes a secret from one place alone, whichever two are set", () => {
    const both = message(() =>
      loadConfig(
        yaml((lines) => lines.push("    secretAccessKeyFile: /run/alice")),
        {},
      ),
    );
    expect(both)
      .to.contain("line 11: accounts[0].secretAccessKey: secretAccessKeyFile is set as well")
      .and.contain("line 12: accounts[0].secretAccessKeyFile: secretAccessKey is set as well");
    const limited = "    keys: [{ accessKeyId: BOB, secretAccessKeyFile: /run/bob, secretAccessKeySealed: v1.x.y }]";
    expect(
      message(() =>
        loadConfig(
          yaml((lines) => lines.push(limited)),
          {},
        ),
      ),
    ).to.contain("accounts[0].keys[0].secretAccessKeySealed: secretAccessKeyFile is set as well");
    expect(
      message(() =>
        loadConfig(
          yaml((lines) => lines.pop()),
          {},
        ),
      ),
    ).to.contain("accounts[0]: needs secretAccessKey, secretAccessKeyFile or secretAccessKeySealed");
    const signer = message(() => loadConfig(yaml(), { CESS_S3_MNEMONIC_FILE: "/run/mnemonic" }));
    expect(signer)
      .to.contain("line 4: chain.mnemonic: mnemonicFile is set as well")
      .and.contain("CESS_S3_MNEMONIC_FILE: chain.mnemonicFile: mnemonic is set as well");
    expect(
      message(() =>
        loadConfig(
          yaml((lines) => lines.splice(3, 1)),
          {},
        ),
      ),
    ).to.contain("chain: needs mnemonic, mnemonicFile or keystoreFile");
    expect(
      message(() =>
        loadConfig(
          yaml((lines) => lines.splice(3, 1)),
          { CESS_S3_KEYSTORE_FILE: "/run/keystore" },
        ),
      ),
    ).to.contain("chain.keystorePasswordFile: is missing");
    expect(message(() => loadConfig(yaml(), { CESS_S3_MASTER_KEY: "x", CESS_S3_MASTER_KEY_FILE: "y" }))).to.contain(
      "CESS_S3_MASTER_KEY_FILE: encryption.masterKeyFile: masterKey is set as well",
    );
  });

  it("refuses placeholders that nothing fills, wherever they stand, but in the prefixes of keys", () => {
    const path = yaml((lines) =>
      lines.push(
        "    keys:",
        "      - { accessKeyId: BOB, secretAccessKey: bobsecret, prefixes: ['a/${x}/'] }",
        "dataDir: ${HOME}/data",
      ),
    );
    const said = message(() => loadConfig(path, { CESS_S3_DOMAIN: "{{ domain }}" }));
    expect(said.split("\n").length, said).to.equal(4);
    expect(said)
      .to.contain("line 14: dataDir: holds a placeholder")
      .and.contain("CESS_S3_DOMAIN: domain: holds a placeholder");
  });

  it("takes names of the admin endpoint as a list, without scheme and port", () => {
    const names = (text: string) => loadConfig(yaml(), { CESS_S3_ADMIN_NAMES: text }).adminNames;
    expect(loadConfig(yaml(), {}).adminNames).to.deep.equal([]);
    expect(names("Gateway.internal, cess_s3 a.b,")).to.deep.equal(["gateway.internal", "cess_s3", "a.b"]);
    for (const wrong of ["http://gateway.internal", "gateway.internal:9001", "*.internal", ".internal"])
      expect(() => names(wrong), wrong).to.throw(
        ConfigError,
        /CESS_S3_ADMIN_NAMES: adminNames\[0\]: must be a host name/,
      );
  });
});

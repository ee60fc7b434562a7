import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ConfigError } from "../../../src/config/config-error.js";
import { loadConfig } from "../../../src/config/load.js";
import { MessageSnapshots } from "../../support/message-snapshots.js";

const SOUND = `\
listen: 127.0.0.1:9000
chain:
  endpoints: [ws://127.0.0.1:9944]
  mnemonicFile: /run/secrets/mnemonic
encryption:
  default: AES256
accounts:
  - name: alice
    cessAccount: cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y
    territory: photos
    accessKeyId: ALICE
    secretAccessKey: wJalrXUtnFEMIK7MDENG
`;

interface Tried {
  /** Lines of SOUND, by their key, with what stands instead; undefined: nothing. */
  readonly replace?: Readonly<Record<string, string | undefined>>;
  /** Lines after SOUND. */
  readonly add?: string;
  /** The whole file. */
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Planted where they must not come out again. */
const SECRETS = ["abandon ability", "wJalr", "s3cr3t"];

const TRIED: Readonly<Record<string, Tried>> = {
  "a mistake in YAML": { replace: { mnemonicFile: "  mnemonic: abandon ability: able" } },
  "a tab in the indentation": { replace: { territory: "\tterritory: photos" } },
  "one key twice": { add: "listen: 127.0.0.1:9010" },
  "a list instead of a map": { file: "- listen: 127.0.0.1:9000\n" },
  "a text instead of a map": { file: "abandon ability able\n" },
  "an empty file": { file: "" },
  "no file": { environment: {} },
  "no chain at all": { replace: { chain: undefined, endpoints: undefined, mnemonicFile: undefined } },
  "an empty map": { replace: { endpoints: undefined, mnemonicFile: undefined } },
  "no accounts": { file: SOUND.slice(0, SOUND.indexOf("accounts:")) },
  "an empty list of accounts": { file: `${SOUND.slice(0, SOUND.indexOf("accounts:"))}accounts: []\n` },
  "accounts as a map": { file: `${SOUND.slice(0, SOUND.indexOf("accounts:"))}accounts:\n  alice: s3cr3t-of-alice\n` },
  "encryption not chosen": { replace: { encryption: undefined, default: undefined } },
  "an unknown key": { add: "adminlisten: 127.0.0.1:9009" },
  "an unknown key like none": { add: "sharding: 3" },
  "a key at the wrong place": { add: "mnemonicFile: /run/secrets/mnemonic" },
  "an unknown key of an account": { replace: { secretAccessKey: "    secretAcessKey: wJalrXUtnFEMIK7MDENG" } },
  "an unknown variable": { environment: { CESS_S3_LISTN: "0.0.0.0:9000" } },
  "an unknown variable like none": { environment: { CESS_S3_COLOUR: "s3cr3t" } },
  "a port alone to listen on": { replace: { listen: "listen: 9000" } },
  "no port to listen on": { replace: { listen: "listen: localhost" } },
  "an impossible port": { environment: { CESS_S3_LISTEN: "0.0.0.0:99999" } },
  "registration without an address": { add: "public: { listen: 0.0.0.0:9003, register: true }" },
  "an address that the chain has no room for": {
    add: "public: { endpoint: https://a-rather-long-name-of-a-gateway.example.com/ }",
  },
  "files of a policy that takes none": { add: `public: { files: ["${"ab".repeat(32)}"] }` },
  "a FID that is none": { add: "public: { policy: listed, files: [abc] }" },
  "the API of the SDKs without a listener": { add: "sdk: { enabled: true }" },
  "adminListen equal to listen": { add: "adminListen: 127.0.0.1:9000" },
  "listeners on all addresses and on one of them": {
    add: "adminListen: 0.0.0.0:9000\nadmin: { tokenFile: /run/secrets/admin-token }\npeers:\n  listen: '[::]:9000'",
  },
  "two listeners by variables": {
    environment: { CESS_S3_PEER_LISTEN: "localhost:9001", CESS_S3_ADMIN_LISTEN: "[::1]:9001" },
  },
  "an admin listener that others can reach, without a token": { add: "adminListen: 0.0.0.0:9001" },
  "an admin listener that others can reach, by variables": {
    environment: { CESS_S3_ADMIN_LISTEN: "[::]:9001", CESS_S3_PUBLIC_METRICS: "true" },
  },
  "an admin token in place of its file": { add: "admin: { token: s3cr3t-of-the-admin }" },
  "a certificate without its key": { add: "tls: { certFile: /etc/cess-s3/tls.crt }" },
  "a key without its certificate": { environment: { CESS_S3_TLS_KEY_FILE: "/run/secrets/tls.key" } },
  "TLS for listeners without a certificate": { environment: { CESS_S3_TLS_LISTENERS: "s3,peers" } },
  "TLS for a listener that there is not": {
    add: "tls: { certFile: /etc/cess-s3/tls.crt, keyFile: /run/secrets/tls.key, listeners: [web] }",
  },
  "a gateway's id with a space": { add: 'gateway: { id: "gateway 1" }' },
  "a difference of clocks that leases do not bear": { environment: { CESS_S3_GATEWAY_CLOCK_SECONDS: "60" } },
  "state at a URL of another kind": { add: "state: { url: 'http://:s3cr3t@10.0.0.5:6379' }" },
  "a password for state that has no place": { add: "state: { passwordFile: /run/secrets/redis }" },
  "a rate that is no number": { environment: { CESS_S3_KEY_REQUESTS_PER_SECOND: "10/s" } },
  "a burst of nothing": { add: "limits: { perAddress: { requestsPerSecond: 5, burst: 0 } }" },
  "a yes/no field about regions": { add: "acceptAnyRegion: auto" },
  "domain equal to websiteDomain": { add: "domain: s3.example.com\nwebsiteDomain: s3.example.com" },
  "a domain with a scheme": { add: "domain: https://S3.example.com" },
  "a name with a port": { environment: { CESS_S3_ADMIN_NAMES: "gateway.internal:9001" } },
  "a yes/no field": { add: "trustProxy: maybe" },
  "a yes/no variable": { environment: { CESS_S3_ALLOW_PRIVATE_NODES: "2" } },
  "a number that is none": { environment: { CESS_S3_ENCODING_THREADS: "many" } },
  "a number out of range": { add: "limits:\n  maxConnections: 0" },
  "numbers that do not fit together": { add: "limits: { maxRequests: 10, maxAnonymousRequests: 20 }" },
  "a size in other units": { add: "cache:\n  disk: 10 GB" },
  "a bandwidth that is too small": { add: "uploadBandwidth: 10KiB" },
  "a word that is none of the choices": { environment: { CESS_S3_LOG_LEVEL: "loud" } },
  "encryption by another name": { replace: { default: "  default: aes" } },
  "a numeric accessKeyId": { replace: { accessKeyId: "    accessKeyId: 12345678" } },
  "a numeric secret": { replace: { secretAccessKey: "    secretAccessKey: 1234567890" } },
  "a numeric masterKey": { replace: { default: "  default: AES256\n  masterKey: 1234567890" } },
  "an empty accessKeyId": { replace: { accessKeyId: "    accessKeyId:" } },
  "a short accessKeyId": { replace: { accessKeyId: "    accessKeyId: A" } },
  "a secret that is empty": { replace: { secretAccessKey: '    secretAccessKey: ""' } },
  "a secret that is too short": { replace: { secretAccessKey: "    secretAccessKey: wJalr" } },
  "no secret": { replace: { secretAccessKey: undefined } },
  "two sources of one secret": { add: "    secretAccessKeyFile: /run/secrets/alice" },
  "a mnemonic in the file and one in the environment": {
    environment: { CESS_S3_MNEMONIC: "abandon ability able about above absent" },
  },
  "a master key from two variables": {
    environment: { CESS_S3_MASTER_KEY: "s3cr3t", CESS_S3_MASTER_KEY_FILE: "/run/secrets/master" },
  },
  "a keystore without its password": {
    replace: { mnemonicFile: "  keystoreFile: /run/secrets/gateway.json" },
  },
  "a placeholder as a secret": { replace: { secretAccessKey: "    secretAccessKey: ${ALICE_SECRET}" } },
  "a placeholder in a variable": { environment: { CESS_S3_DOMAIN: "{{ domain }}" } },
  "a date without time": {
    add: "    keys: [{ accessKeyId: READER, secretAccessKey: wJalrXUtnFEMI, expires: 2026-12-01 }]",
  },
  "a time without its zone": {
    add: "    keys: [{ accessKeyId: READER, secretAccessKey: wJalrXUtnFEMI, expires: '2026-12-01T10:00:00' }]",
  },
  "an address that is no SS58": { replace: { cessAccount: "    cessAccount: '0x1234'" } },
  "an endpoint by HTTP": { replace: { endpoints: "  endpoints: [http://127.0.0.1:9944]" } },
  "one endpoint that is no list": { replace: { endpoints: "  endpoints: ws://127.0.0.1:9944" } },
  "no endpoint": { replace: { endpoints: "  endpoints: []" } },
  "a webhook that is no NAME=URL": { environment: { CESS_S3_WEBHOOKS: "foo" } },
  "a webhook to another protocol": { environment: { CESS_S3_WEBHOOKS: "orders=ftp://example.com" } },
  "Vault without TLS": {
    replace: { default: "  default: AES256\n  vault: { address: http://vault.example.com, tokenFile: /run/token }" },
  },
  "a part of Vault's settings alone": { environment: { CESS_S3_VAULT_MOUNT: "kms" } },
  "a network bucket with capitals": { add: "networkBucket: CESS" },
  "two rules of placement that exclude each other": { add: "placement: { module: ./p.mjs, perNetwork: 2 }" },
  "objects larger than a pack": { add: "packing: { maxObjectBytes: 1GiB, segments: 1 }" },
  "sign-up without a name": { add: "public:\n  listen: 127.0.0.1:9003\nsignUp:\n  enabled: true" },
  "sign-up without a listener": { add: "signUp:\n  enabled: true\n  gateway: s3.example.com" },
  "a region without nodes": { add: "placement:\n  tags: true\n  regions: [{ name: eu }]" },
  "several mistakes": {
    replace: { territory: undefined, listen: "lisen: 127.0.0.1:9000" },
    environment: { CESS_S3_CACHE_DISK: "big", CESS_S3_CACHE_MEMROY: "1GiB" },
  },
};

function fileOf({ file, replace = {}, add = "" }: Tried): string {
  if (file !== undefined) return file;
  const lines = SOUND.split("\n").flatMap((line) => {
    const key = /^[\s-]*(\w+):/.exec(line)?.[1] ?? "";
    return key in replace ? (replace[key] ?? []) : line;
  });
  return `${lines.join("\n")}${add}\n`;
}

describe("The message about a bad configuration", () => {
  const snapshots = new MessageSnapshots(
    "test/unit/config/messages.md",
    "Bad configurations, and what `cess-s3 serve` says of them",
  );
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-messages-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("is none for the one that all others are changed from", () => {
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, SOUND);
    expect(loadConfig(path, {}).accounts[0]?.name).to.equal("alice");
  });

  for (const [title, tried] of Object.entries(TRIED))
    it(`of ${title} is as in messages.md, and tells no secret`, () => {
      const { environment = {} } = tried;
      const path = title === "no file" ? undefined : join(folder, "cess-s3.yaml");
      const text = path === undefined ? "" : fileOf(tried);
      if (path !== undefined) writeFileSync(path, text);
      let said = "";
      try {
        loadConfig(path, environment);
      } catch (error) {
        expect(error).to.be.instanceOf(ConfigError);
        said = (error as Error).message.replaceAll(folder, "/etc");
      }
      expect(said, "it was loaded").to.not.equal("");
      for (const secret of SECRETS) expect(said).to.not.contain(secret);
      const variables = Object.entries(environment).map(([name, value]) => `# ${name}=${value}\n`);
      snapshots.expect(title, `${variables.join("")}${text}`, said);
    });

  after(() => snapshots.finish());
});

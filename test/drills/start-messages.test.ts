import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { loopbackCertificate, renewedCertificate } from "../support/loopback-certificate.js";
import { MessageSnapshots } from "../support/message-snapshots.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");
const ALICE = "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y";

interface Tried {
  /** Lines before `accounts`, and lines of the first account. */
  readonly top?: string;
  readonly account?: string;
  /** Instead of the usual secret or mnemonic. */
  readonly secret?: string;
  readonly mnemonic?: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** `FOLDER` is that of the test. Files that are there: empty, alice, bad.json, policy.mjs, ed25519.json; a folder: below. */
const TRIED: Readonly<Record<string, Tried>> = {
  "a configuration file that is not there": { args: ["serve", "--config", "FOLDER/absent.yaml"] },
  "a configuration file that is a folder": { args: ["serve", "--config", "FOLDER/below"] },
  "a secret's file that is not there": { secret: "secretAccessKeyFile: FOLDER/absent" },
  "an empty secret's file": { secret: "secretAccessKeyFile: FOLDER/empty" },
  "a secret's file that is too short": { secret: "secretAccessKeyFile: FOLDER/short" },
  "a secret's file that is a folder": { secret: "secretAccessKeyFile: FOLDER/below" },
  "a sealed secret that is none": { secret: "secretAccessKeySealed: nonsense" },
  "a mnemonic's file that is not there": { mnemonic: "mnemonicFile: FOLDER/absent" },
  "a mnemonic's file in a variable": {
    mnemonic: "blockMs: 6000",
    environment: { CESS_S3_MNEMONIC_FILE: "FOLDER/absent" },
  },
  "a mnemonic with a mistyped word": { mnemonic: "mnemonic: abandon abandon ability planted" },
  "a keystore that is none": {
    mnemonic: "keystoreFile: FOLDER/bad.json\n  keystorePasswordFile: FOLDER/alice",
  },
  "an account's address with a mistyped letter": {
    account: `    cessAccount: ${ALICE.replace("y2", "z2").slice(0, -1)}z`,
  },
  "an access key that is there twice": {
    account: "    keys: [{ accessKeyId: ALICE, secretAccessKey: plantedplanted }]",
  },
  "a webhook's token that is not there": {
    top: "notifications:\n  webhooks: [{ name: orders, url: https://example.com, tokenFile: FOLDER/absent }]",
  },
  "Vault's token that is not there": {
    top: "",
    environment: { CESS_S3_VAULT_ADDRESS: "https://127.0.0.1:1", CESS_S3_VAULT_TOKEN_FILE: "FOLDER/absent" },
  },
  "an admin token that is not there": { top: "admin: { tokenFile: FOLDER/absent }" },
  "an admin token that is empty": { top: "admin: { tokenFile: FOLDER/empty }" },
  "an admin token that is too short": { environment: { CESS_S3_ADMIN_TOKEN_FILE: "FOLDER/short" } },
  "an admin token of several words": { top: "admin: { tokenFile: FOLDER/alice }" },
  "a certificate that is not there": { top: "tls: { certFile: FOLDER/absent, keyFile: FOLDER/tls.key }" },
  "a certificate that is none": { top: "tls: { certFile: FOLDER/alice, keyFile: FOLDER/tls.key }" },
  "a key of another certificate": { top: "tls: { certFile: FOLDER/tls.crt, keyFile: FOLDER/other.key }" },
  "a key with a passphrase": { top: "tls: { certFile: FOLDER/tls.crt, keyFile: FOLDER/closed.key }" },
  "certificate and key exchanged": {
    environment: { CESS_S3_TLS_CERT_FILE: "FOLDER/tls.key", CESS_S3_TLS_KEY_FILE: "FOLDER/tls.crt" },
  },
  "a key file that is no JSON": { environment: { CESS_S3_KEY_FILE: "FOLDER/bad.json" } },
  "a master key that is too short": { environment: { CESS_S3_MASTER_KEY: "planted" } },
  "a placement module that is not there": { top: "placement: { module: FOLDER/absent.mjs }" },
  "a placement module that is no policy": { top: "placement: { module: FOLDER/policy.mjs }" },
  "a data folder that is a file": { top: "dataDir: FOLDER/alice" },
  "a data folder below a file": { top: "dataDir: FOLDER/alice/data" },
  "a data folder that cannot be made": { top: "dataDir: /proc/cess-s3" },
  "a data folder in a variable": { environment: { CESS_S3_DATA_DIR: "FOLDER/alice" } },
  "a catalog that is damaged": { top: "dataDir: FOLDER/damaged" },
  "a port that another program has": { top: "listen: 127.0.0.1:TAKEN" },
  "a port that another gateway has": { top: "adminListen: 127.0.0.1:GATEWAY" },
  "an address of another machine": { environment: { CESS_S3_LISTEN: "203.0.113.1:9000" } },
  "a host name that does not exist": { top: "peers:\n  listen: nowhere.invalid:9000" },
  "a variable of the dev network": { args: ["dev"], environment: { CESS_S3_DEV_NODES: "3" } },
  "a misspelt variable at another command": { args: ["dev"], environment: { CESS_S3_DEV_NODS: "14" } },
  "a port of the dev network that is taken": { args: ["devnet"], environment: { CESS_S3_DEV_PORT: "TAKEN" } },
};

describe("What a command says that does not start", function () {
  this.timeout(120_000);
  const snapshots = new MessageSnapshots(
    "test/drills/start-messages.md",
    "Commands that do not start, and what they say",
  );
  let folder: string;
  const servers: Server[] = [];
  const ports = { TAKEN: 0, GATEWAY: 0 };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-start-"));
    mkdirSync(join(folder, "below"));
    for (const [name, text] of Object.entries({
      empty: "",
      alice: "long enough a secret\n",
      short: "planted\n",
      "bad.json": "planted {",
      "tls.crt": loopbackCertificate.cert,
      "tls.key": loopbackCertificate.key,
      "other.key": renewedCertificate.key,
      "closed.key": renewedCertificate.encryptedKey,
      "policy.mjs": "export const policy = {};\n",
    }))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    mkdirSync(join(folder, "damaged"), { mode: 0o700 });
    writeFileSync(join(folder, "damaged", "catalog.sqlite"), "no database".repeat(1000), { mode: 0o600 });
    // As the admin listener of a gateway answers.
    const gateway = createHttpServer((_request, response) => response.end("live\n"));
    for (const [name, server] of [
      ["TAKEN", createServer((socket) => socket.destroy())],
      ["GATEWAY", gateway],
    ] as const) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      ports[name] = (server.address() as AddressInfo).port;
      servers.push(server);
    }
  });
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  const real = (text: string) =>
    text
      .replaceAll("FOLDER", folder)
      .replaceAll("TAKEN", String(ports.TAKEN))
      .replaceAll("GATEWAY", String(ports.GATEWAY));
  const normal = (text: string) =>
    text
      .replaceAll(folder, "FOLDER")
      .replaceAll(`:${ports.TAKEN}`, ":TAKEN")
      .replaceAll(`:${ports.GATEWAY}`, ":GATEWAY");

  function run(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<{ code: unknown; said: string }> {
    return new Promise((resolve) => {
      const env = {
        PATH: process.env["PATH"],
        CESS_S3_DATA_DIR: join(folder, "data"),
        CESS_S3_LOG_LEVEL: "error",
        ...environment,
      };
      execFile(process.execPath, [main, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? error.signal), said: `${stdout}${stderr}` }),
      );
    });
  }

  function file({
    top = "",
    account,
    secret = "secretAccessKeyFile: FOLDER/alice",
    mnemonic = "mnemonic: //Gateway",
  }: Tried) {
    const lines = [
      ...["listen", "adminListen"].filter((key) => !top.includes(`${key}:`)).map((key) => `${key}: 127.0.0.1:0`),
      ...(top === "" ? [] : [top]),
      "chain:",
      "  endpoints: [ws://127.0.0.1:1]",
      `  ${mnemonic}`,
      "encryption: { default: none }",
      "accounts:",
      "  - name: alice",
      ...(account?.includes("cessAccount") ? [] : [`    cessAccount: ${ALICE}`]),
      "    territory: photos",
      "    accessKeyId: ALICE",
      `    ${secret}`,
      ...(account === undefined ? [] : [account]),
    ];
    return `${lines.join("\n")}\n`;
  }

  for (const [title, tried] of Object.entries(TRIED))
    it(`of ${title} is as in start-messages.md, with code 1 and without a secret`, async () => {
      const { args = ["serve", "--config", "FOLDER/cess-s3.yaml"], environment = {} } = tried;
      const text = file(tried);
      writeFileSync(join(folder, "cess-s3.yaml"), real(text));
      const variables = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, real(value)]));
      const place = tried.top?.includes("dataDir") ? { CESS_S3_DATA_DIR: "" } : {};
      const { code, said } = await run(args.map(real), { ...place, ...variables });
      expect(code, said).to.equal(1);
      expect(said).to.not.contain("planted");
      const command = `# ${Object.entries(environment)
        .map(([name, value]) => `${name}=${value} `)
        .join("")}cess-s3 ${args.join(" ")}\n`;
      snapshots.expect(title, `${command}${args.includes("FOLDER/cess-s3.yaml") ? text : ""}`, normal(said));
    });

  after(() => snapshots.finish());
});

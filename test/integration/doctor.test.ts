import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { systemClock } from "../../src/async/system-clock.js";
import { examine, examineConfiguration, type DoctorComponents } from "../../src/cli/doctor/doctor.js";
import { systemDisk } from "../../src/cli/doctor/disk.js";
import type { Finding } from "../../src/cli/doctor/finding.js";
import { listeners } from "../../src/cli/doctor/listeners.js";
import { gatewaySettings } from "../../src/config/load.js";
import { Settings } from "../../src/config/settings.js";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { Provisioning } from "../../src/network/chain/provisioning.js";
import { loopbackCertificate, renewedCertificate } from "../support/loopback-certificate.js";
import { reservePort } from "../support/reserved-port.js";

const BLOCK_MS = 100;
const MINUTE_MS = 60_000;

type Values = Record<string, unknown>;

describe("The doctor", function () {
  this.timeout(120_000);
  let root: string;
  let network: DevNetworkThread;
  let folder: string;
  const servers: Server[] = [];

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "cess-s3-doctor-"));
    network = await DevNetworkThread.start({ folder: join(root, "network"), nodes: 14, blockMs: BLOCK_MS, spec: 133 });
  });
  after(async () => {
    await network.close();
    rmSync(root, { recursive: true, force: true });
  });
  beforeEach(() => {
    folder = mkdtempSync(join(root, "test-"));
    mkdirSync(join(folder, "data"), { mode: 0o700 });
    for (const name of ["mnemonic", "alice"])
      writeFileSync(join(folder, name), name === "mnemonic" ? network.gatewayMnemonic : "alicesecret", { mode: 0o600 });
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A sound configuration, and what is changed in it. */
  async function written(change: (values: Values & { chain: Values; accounts: Values[] }) => void = () => undefined) {
    const [first, second] = network.users;
    const values = {
      listen: `127.0.0.1:${await reservePort()}`,
      adminListen: `127.0.0.1:${await reservePort()}`,
      dataDir: join(folder, "data"),
      chain: {
        endpoints: [network.chainEndpoint],
        mnemonicFile: join(folder, "mnemonic"),
        blockMs: BLOCK_MS,
      } as Values,
      allowPrivateNodes: true,
      encryption: { default: "none" },
      cache: { disk: "1MiB" },
      accounts: [
        { ...first, secretAccessKey: undefined, secretAccessKeyFile: join(folder, "alice") },
        { ...second },
      ] as Values[],
    };
    change(values);
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, stringify(values), { mode: 0o600 });
    return gatewaySettings(path, {});
  }
  const unwell = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== "ok");
  /** The only thing that is found, by its check, and its text with what to do. */
  async function found(
    change: Parameters<typeof written>[0],
    components: Partial<DoctorComponents> = {},
  ): Promise<{ level: string; check: string; text: string }> {
    const all = { clock: systemClock, disk: systemDisk, ...components };
    const [first, ...more] = unwell(await examine(await written(change), all));
    expect(more, "nothing else is found").to.deep.equal([]);
    const { level = "", check = "", message = "", remedy = "" } = first ?? {};
    expect(remedy, "what to do").to.not.equal("");
    return { level, check, text: `${message} → ${remedy}` };
  }
  async function listening(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  it("finds all well on a fresh dev network, and changes nothing", async () => {
    const findings = await examine(await written());
    expect(unwell(findings)).to.deep.equal([]);
    expect(new Set(findings.map(({ check }) => check))).to.deep.equal(
      new Set([
        "node.js",
        "configuration",
        "files",
        "data folder",
        "disk speed",
        "disk space",
        "ports",
        "open files",
        "chain endpoint",
        "clock",
        "fee balance",
        "authorization",
        "territory",
        "storage nodes",
      ]),
    );
    expect(readFileSync(join(folder, "alice"), "utf8")).to.equal("alicesecret");
    expect(await examineConfiguration(await written(), { offline: true })).to.have.lengthOf(3);
  });

  it("finds an endpoint that is down", async () => {
    const port = await reservePort();
    const { level, check, text } = await found(({ chain }) => {
      chain["endpoints"] = [network.chainEndpoint, `ws://user:planted@127.0.0.1:${port}`];
    });
    expect([level, check]).to.deep.equal(["error", "chain endpoint"]);
    expect(text).to.contain(`127.0.0.1:${port} cannot be reached: ECONNREFUSED`).and.not.contain("planted");
  });

  it("finds an endpoint that is no chain", async () => {
    const web = await listening(createHttpServer((_request, response) => response.end("a web site")));
    const { level, check, text } = await found(({ chain }) => {
      chain["endpoints"] = [`ws://127.0.0.1:${web}`, network.chainEndpoint];
    });
    expect([level, check]).to.deep.equal(["error", "chain endpoint"]);
    expect(text).to.contain("answers, but not as a chain's node");
  });

  it("finds owners who have not authorized the gateway, and a signing account without tokens for fees", async () => {
    writeFileSync(join(folder, "mnemonic"), "//Stranger");
    const findings = unwell(await examine(await written()));
    expect(findings.map(({ level, check }) => `${level} ${check}`)).to.deep.equal([
      "error fee balance",
      "error authorization",
      "error authorization",
    ]);
    expect(findings[0]?.message).to.contain("0.00 tokens");
    expect(findings[1]?.remedy).to.contain("oss.authorize");
  });

  it("finds a territory that is not there", async () => {
    const { level, check, text } = await found(({ accounts }) => {
      accounts[1] = { ...accounts[1], territory: "nowhere" };
    });
    expect([level, check]).to.deep.equal(["error", "territory"]);
    expect(text).to.contain("no territory named nowhere").and.contain("mintTerritory");
  });

  it("finds a territory that ends soon", async () => {
    const session = new ChainSession({ endpoints: [network.chainEndpoint] });
    const owner = await signerFromMnemonic("//Node0");
    const provisioning = new Provisioning({ session, owner });
    await provisioning.territory({ name: "short", sizeGib: 1, days: 30 });
    await provisioning.authorize((await signerFromMnemonic(network.gatewayMnemonic)).account);
    provisioning.close();
    await session.close();
    const { level, check, text } = await found(({ accounts }) => {
      accounts[1] = { ...accounts[1], cessAccount: owner.account, territory: "short" };
    });
    expect([level, check]).to.deep.equal(["warning", "territory"]);
    expect(text).to.contain("ends in 0 days").and.contain("renew it");
  });

  it("finds a clock that is off by 20 minutes, either way, as an error, and one that is by two as a warning", async () => {
    const off = (minutes: number) => ({ clock: { ...systemClock, now: () => Date.now() + minutes * MINUTE_MS } });
    const behind = await found(undefined, off(-20));
    expect([behind.level, behind.check]).to.deep.equal(["error", "clock"]);
    expect(behind.text).to.contain("20 minutes behind").and.contain("NTP");
    expect((await found(undefined, off(20))).text).to.contain("20 minutes old");
    expect((await found(undefined, off(-2))).level).to.equal("warning");
  });

  it("finds a data folder that cannot be written, even as root, and one that others may enter", async () => {
    chmodSync(join(folder, "data"), 0o500);
    const closed = await found(undefined);
    expect([closed.level, closed.check]).to.deep.equal(["error", "data folder"]);
    expect(closed.text).to.contain("mode 0500").and.contain("chmod 700");
    chmodSync(join(folder, "data"), 0o755);
    const open = await found(undefined);
    expect([open.level, open.check]).to.deep.equal(["warning", "data folder"]);
    const file = await found((values) => (values["dataDir"] = join(folder, "alice")));
    expect(file.text).to.contain("it is not a folder");
  });

  it("finds a port that another program has, and one that is another gateway's", async () => {
    const port = await listening(createServer((socket) => socket.destroy()));
    const taken = await found((values) => (values["listen"] = `127.0.0.1:${port}`));
    expect([taken.level, taken.check]).to.deep.equal(["error", "ports"]);
    expect(taken.text).to.contain(`listen: 127.0.0.1:${port}: something else listens there`);
    const gateway = await listening(createHttpServer((_request, response) => response.end("live\n")));
    const other = await found((values) => (values["adminListen"] = `127.0.0.1:${gateway}`));
    expect(other.text).to.contain("another cess-s3 gateway");
    const foreign = await found((values) => (values["listen"] = "203.0.113.1:9000"));
    expect(foreign.text).to.contain("this machine does not have that address");
  });

  it("finds storage nodes that cannot be reached, when too few are left, and those that the policy forbids", async () => {
    for (const n of [0, 1, 2]) await network.setFault(n, "down");
    try {
      const few = await found(undefined);
      expect([few.level, few.check]).to.deep.equal(["error", "storage nodes"]);
      expect(few.text).to.contain("of 14 that were asked, 11 answer: too few");
    } finally {
      for (const n of [0, 1, 2]) await network.setFault(n, "none");
    }
    const forbidden = await found((values) => (values["allowPrivateNodes"] = false));
    expect(forbidden.text).to.contain("14 lie in private networks").and.contain("allowPrivateNodes: true");
  });

  it("finds files with secrets that others may read: a key, a secret, the configuration itself", async () => {
    chmodSync(join(folder, "mnemonic"), 0o644);
    const mnemonic = await found(undefined);
    expect([mnemonic.level, mnemonic.check]).to.deep.equal(["warning", "files"]);
    expect(mnemonic.text).to.contain("chain.mnemonicFile").and.contain("mode 0644").and.contain("chmod 600");
    chmodSync(join(folder, "mnemonic"), 0o600);
    const keys = join(folder, "data", "keys.json");
    writeFileSync(keys, JSON.stringify({ master: Buffer.alloc(32, 1).toString("base64") }), { mode: 0o640 });
    expect((await found(undefined)).text).to.contain(keys);
    chmodSync(keys, 0o600);
    const settings = await written();
    chmodSync(join(folder, "cess-s3.yaml"), 0o644);
    expect(unwell(await examine(settings))[0]?.message).to.contain("the configuration file, which holds secrets");
  });

  const TOKEN = "0123456789abcdef0123456789abcdef";
  const secured = (values: Values) => {
    for (const [name, text] of [
      ["token", TOKEN],
      ["tls.key", loopbackCertificate.key],
    ] as const)
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    writeFileSync(join(folder, "tls.crt"), loopbackCertificate.cert);
    values["admin"] = { tokenFile: join(folder, "token") };
    values["tls"] = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  };

  it("looks at the admin listener's token and the certificate where there are some", async () => {
    const findings = await examine(await written(secured));
    expect(unwell(findings)).to.deep.equal([]);
    const told = (name: string) => findings.find(({ check }) => check === name)?.message;
    expect(told("admin token")).to.contain(join(folder, "token"));
    expect(await examineConfiguration(await written(secured), { offline: true })).to.have.lengthOf(5);
    expect(told("certificate")).to.match(/is for .*127\.0\.0\.1.*, and ends in \d+ days/);
  });

  it("finds a token that is too short, or that others may read", async () => {
    const short = await found((values) => {
      secured(values);
      writeFileSync(join(folder, "token"), "short\n");
    });
    expect([short.level, short.check]).to.deep.equal(["error", "admin token"]);
    expect(short.text).to.match(/cess-s3\.yaml, line \d+, column \d+: admin\.tokenFile: the token in/);
    expect(short.text).to.contain("openssl rand -hex 32").and.not.contain("short\n");
    const empty = await found((values) => {
      secured(values);
      writeFileSync(join(folder, "token"), "");
    });
    expect(empty.text).to.contain("is empty");
    const open = await found((values) => {
      secured(values);
      chmodSync(join(folder, "token"), 0o644);
    });
    expect([open.level, open.check]).to.deep.equal(["warning", "files"]);
    expect(open.text).to.contain("admin.tokenFile").and.contain("chmod 600");
  });

  it("finds a certificate whose key is another's, that has ended, or that ends soon", async () => {
    const wrong = await found((values) => {
      secured(values);
      writeFileSync(join(folder, "tls.key"), renewedCertificate.key);
    });
    expect([wrong.level, wrong.check]).to.deep.equal(["error", "certificate"]);
    expect(wrong.text).to.match(/column \d+: tls\.keyFile: the key in .* does not belong/);
    const at = (day: string) => listeners(Settings.of({}), securedConfig(), Date.parse(day));
    const securedConfig = () => {
      const values: Values = {};
      secured(values);
      return values as never;
    };
    expect((await at("2126-10-01")).at(-1)?.level).to.equal("ok");
    const soon = (await at("2126-10-25")).at(-1);
    expect(soon).to.deep.include({ level: "warning", check: "certificate" });
    expect(soon?.message).to.contain("ends in 8 days");
    expect((await at("2126-12-01")).at(-1)?.message).to.contain("ended on 2126-11-02");
  });

  it("finds too little disk space, and a cache that is larger than the disk", async () => {
    const disk = { measure: () => Promise.resolve({ free: 8.5 * 2 ** 30, total: 2 ** 40 }) };
    const full = await found(undefined, { disk });
    expect([full.level, full.check]).to.deep.equal(["error", "disk space"]);
    expect(full.text).to.contain("only 8.5 GiB are free").and.to.contain("8.0 GiB of them are kept in reserve");
    const cache = await found((values) => (values["cache"] = { disk: "1000TiB" }));
    expect([cache.level, cache.check]).to.deep.equal(["warning", "disk space"]);
    expect(cache.text).to.contain("cache.disk");
  });

  it("finds a secret that is not there, with where it is set", async () => {
    rmSync(join(folder, "alice"));
    const findings = unwell(await examine(await written()));
    expect(findings.map(({ check }) => check)).to.deep.equal(["configuration", "files"]);
    expect(findings[0]?.message).to.match(
      /cess-s3\.yaml, line \d+, column \d+: secretAccessKeyFile of access key cessdev/,
    );
  });
});

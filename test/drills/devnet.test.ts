import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { reservePort } from "../support/reserved-port.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");

interface Description {
  readonly chain: string;
  readonly mnemonic: string;
  readonly accounts: readonly Readonly<Record<string, string>>[];
}

describe("cess-s3 devnet", function () {
  this.timeout(120_000);
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-devnet-"))));
  afterEach(async () => {
    for (const child of children.splice(0)) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts `cess-s3 devnet` and resolves with it, and with what it prints up to `end`. */
  async function devnet(args: readonly string[], end: string): Promise<{ child: ChildProcess; text: string }> {
    const env = { ...process.env, CESS_S3_DATA_DIR: join(folder, "data"), CESS_S3_DEV_BLOCK_MS: "200" };
    const child = spawn(process.execPath, [main, "devnet", ...args], { stdio: ["ignore", "pipe", "inherit"], env });
    children.push(child);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await eventually("the network runs", () => {
      if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
      return text.includes(end);
    });
    return { child, text };
  }
  const run = (args: readonly string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
      execFile(process.execPath, [main, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
      ),
    );

  it("says in one line of JSON what a gateway needs, on which serve stores an object and the doctor finds all well", async () => {
    const port = await reservePort();
    const { text, child } = await devnet(["--json", "--port", String(port)], "\n");
    const lines = text.trimEnd().split("\n");
    expect(lines).to.have.lengthOf(1);
    const network = JSON.parse(lines[0] ?? "") as Description;
    expect(Object.keys(network)).to.deep.equal(["chain", "mnemonic", "accounts", "wallets"]);
    expect(network.chain).to.equal(`ws://127.0.0.1:${port}`);
    for (const account of network.accounts)
      expect(Object.keys(account)).to.deep.equal([
        "name",
        "cessAccount",
        "territory",
        "accessKeyId",
        "secretAccessKey",
      ]);

    const path = join(folder, "cess-s3.yaml");
    const values = {
      // The network has a folder of its own in it, and a lock of its own.
      dataDir: join(folder, "data"),
      listen: `127.0.0.1:${await reservePort()}`,
      adminListen: `127.0.0.1:${await reservePort()}`,
      chain: { endpoints: [network.chain], mnemonic: network.mnemonic, blockMs: 200 },
      allowPrivateNodes: true,
      encryption: { default: "none" },
      cache: { disk: "1MiB" },
      packing: { maxObjectBytes: 0 },
      accounts: network.accounts,
    };
    writeFileSync(path, stringify(values), { mode: 0o600 });
    const before = await run(["doctor", "--config", path]);
    expect([before.code, before.stdout]).to.deep.equal([0, before.stdout]);
    expect(before.stdout).to.contain("checks are well");
    expect((await run(["config", "check", "--config", path])).code).to.equal(0);

    const gateway = await GatewayProcess.start(["serve", "--config", path], {
      CESS_S3_LISTEN: values.listen,
      CESS_S3_ADMIN_LISTEN: values.adminListen,
    });
    try {
      const client = gateway.client(network.accounts[0]?.["accessKeyId"], network.accounts[0]?.["secretAccessKey"]);
      await client.send(new CreateBucketCommand({ Bucket: "photos" }));
      const at = { Bucket: "photos", Key: "k" };
      await client.send(new PutObjectCommand({ ...at, Body: "on a network by itself" }));
      await eventually("the object is stored", async () => {
        const { ReplicationStatus } = await client.send(new HeadObjectCommand(at));
        return ReplicationStatus === "COMPLETED" || ReplicationStatus === "COMPLETE";
      });
      const { code, stdout } = await run(["doctor", "--config", path, "--json"]);
      const findings = JSON.parse(stdout) as { check: string; level: string; message: string }[];
      expect(findings.filter(({ level }) => level !== "ok")).to.deep.equal([]);
      expect(code).to.equal(0);
      const ports = findings.filter(({ check }) => check === "ports").map(({ message }) => message);
      for (const message of ports) expect(message).to.contain(`in use by cess-s3 serve, process ${gateway.pid}`);
    } finally {
      await gateway.end();
    }
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).to.equal(0);
  });

  it("prints for a person a configuration that serve takes, and warnings are logged of what the chain does not know", async () => {
    const { text } = await devnet([], "secretAccessKey: cessaltsecret\n");
    const configuration = text.slice(text.indexOf("# devnet.yaml"));
    const values = parse(configuration) as { accounts: Record<string, string>[]; chain: { endpoints: string[] } };
    for (const account of values.accounts) account["territory"] = "nowhere";
    values.chain.endpoints.unshift("ws://127.0.0.1:1");
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, stringify(values), { mode: 0o600 });
    const gateway = await GatewayProcess.start(["serve", "--config", path], {
      CESS_S3_DATA_DIR: join(folder, "gateway"),
    });
    try {
      for (const text of ["has no territory named nowhere", "a chain endpoint cannot be used", "ws://127.0.0.1:1"])
        await gateway.says(text);
    } finally {
      await gateway.end();
    }
    const { code, stdout } = await run(["config", "check", "--config", path]);
    expect(code).to.equal(1);
    expect(stdout).to.contain("has no territory named nowhere");
  });
});

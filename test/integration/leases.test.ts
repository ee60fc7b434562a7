import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { stringify } from "yaml";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { Provisioning } from "../../src/network/chain/provisioning.js";
import { auditRecords } from "../support/audit-records.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";

const DAY_MS = 86_400_000;
/** The chain's days are of 14,400 blocks: with these blocks the 30 days of a territory are twelve hours. */
const BLOCK_MS = 100;

describe("A gateway whose own territory ends soon", function () {
  this.timeout(240_000);
  let folder: string;
  let network: DevNetworkThread;
  let gateway: GatewayProcess;
  let server: Server;
  let config: string;
  const told: { readonly eventName: string; readonly territory: Readonly<Record<string, unknown>> }[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "leases-"));
    network = await DevNetworkThread.start({
      folder: join(folder, "network"),
      nodes: 12,
      blockMs: BLOCK_MS,
      spec: 133,
    });
    const signer = await signerFromMnemonic(network.gatewayMnemonic);
    const session = new ChainSession({ endpoints: [network.chainEndpoint] });
    const provisioning = new Provisioning({ session, owner: signer });
    await provisioning.territory({ name: "own", sizeGib: 100, days: 30 });
    provisioning.close();
    await session.close();
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        told.push(...(JSON.parse(text) as { Records: typeof told }).Records);
        response.writeHead(204).end();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    config = join(folder, "cess-s3.yaml");
    const own = { name: "own", cessAccount: signer.account, territory: "own", accessKeyId: "ownkey" };
    const values = {
      dataDir: join(folder, "data"),
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
      allowPrivateNodes: true,
      encryption: { default: "none" },
      shutdown: { delaySeconds: 0 },
      accounts: [{ ...own, secretAccessKey: "ownsecret123" }],
      notifications: {
        webhooks: [{ name: "ops", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }],
      },
      // The budget is enough for one renewal, at 0.001 tokens for a GiB and day.
      leases: { webhook: "ops", renew: { beforeDays: 2, days: 30, budget: 5 }, outlive: "refuse" },
    };
    await writeFile(config, stringify(values), { mode: 0o600 });
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
  });
  after(async () => {
    await gateway.end();
    server.close();
    await network.close();
    await rm(folder, { recursive: true });
  });

  const spent = async () =>
    Number(
      /^cess_s3_lease_spent_tokens\{kind="renew"\} (.*)$/m.exec(
        await (await fetch(`${gateway.admin}/metrics`)).text(),
      )?.[1],
    );
  const renewals = () => auditRecords(join(folder, "data")).filter(({ act }) => act === "renew territory");

  it("tells a webhook and renews it within the budget, once", async () => {
    await eventually("a renewal", async () => ((await spent()) > 0 ? true : undefined));
    await eventually("an event", () => Promise.resolve(told.length > 0 ? true : undefined));
    expect(told[0]).to.deep.include({ eventName: "cess:TerritoryEnding" });
    expect(told[0]?.territory).to.include({ name: "own", account: "own", state: "active", days: 1 });
    expect(await spent()).to.equal(3);
    expect(renewals().map(({ result }) => result)).to.deep.equal(["done"]);
  });

  it("says so where operators look, with why it is not renewed again", async () => {
    const warning = await eventually("a warning", async () => {
      const { warnings } = await gateway.health();
      return warnings.find(({ check, reason }) => check === "territory" && reason.includes("budget"));
    });
    expect(warning.reason).to.contain("of leases.renew.budget, 5 TCESS for 30 days, 3 TCESS are spent");
    const { stdout } = await cessS3(["status", "--admin", gateway.admin]);
    expect(stdout).to.match(/attention +territory: the territory own of own ends in/);
  });

  it("tells readers until when objects are paid for, and refuses locks that last longer", async () => {
    const client = gateway.client("ownkey", "ownsecret123");
    const headers: Record<string, string>[] = [];
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        headers.push((result.response as { headers: Record<string, string> }).headers);
        return result;
      },
      { step: "deserialize" },
    );
    const object = { Bucket: "box", Key: "a" };
    await client.send(new CreateBucketCommand({ Bucket: "box", ObjectLockEnabledForBucket: true }));
    await client.send(new PutObjectCommand({ ...object, Body: "hello" }));
    await client.send(new HeadObjectCommand(object));
    const paid = Date.parse(headers.at(-1)?.["x-cess-paid-until"] ?? "");
    expect(paid).to.be.within(Date.now(), Date.now() + 2 * DAY_MS);
    const locked = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: new Date(paid + DAY_MS) } as const;
    const refusal: unknown = await client
      .send(new PutObjectCommand({ ...object, Body: "hello", ...locked }))
      .catch((error: unknown) => error);
    expect((refusal as Error).name).to.equal("LeaseTooShort");
    client.destroy();
  });

  it("spends nothing twice after it was killed, and does not repeat what it told", async () => {
    const before = told.length;
    await gateway.end("SIGKILL");
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    await eventually("a look at the territories", async () => {
      const { warnings } = await gateway.health();
      return warnings.find(({ reason }) => reason.includes("3 TCESS are spent"));
    });
    expect(renewals()).to.have.length(1);
    // Of the new end one notice may have been due already.
    const keys = told.map(({ territory: { endsAt, days } }) => `${String(endsAt).slice(0, 13)} ${String(days)}`);
    expect(new Set(keys).size, keys.join(", ")).to.equal(keys.length);
    expect(told.length).to.be.at.most(before + 1);
  });
});

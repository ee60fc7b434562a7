import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { Provisioning } from "../../src/network/chain/provisioning.js";
import { eventually } from "../support/eventually.js";
import type { GatewayProcess, LogLine } from "../support/gateway-process.js";
import { ServeFixture } from "../support/serve-fixture.js";
import { Relay } from "../support/relay.js";

/** Less than a call to the chain takes to be given up, 30 s, and more than a busy machine takes for a request. */
const PROMPT_MS = 15_000;

const TOLD = ["the gateway is not ready", "needs attention", "is over"];

describe("the readiness of a gateway", function () {
  this.timeout(240_000);
  let served: ServeFixture;
  let gateway: GatewayProcess;
  before(async () => (served = await ServeFixture.start()));
  afterEach(() => gateway.end("SIGKILL"));
  after(() => served.end());

  const checks = async () => {
    const { status, reasons, warnings } = await gateway.health();
    return { status, reasons: reasons.map(({ check }) => check), warnings: warnings.map(({ check }) => check) };
  };
  const becomes = (what: string, wanted: { status: number; reasons: string[]; warnings: string[] }) =>
    eventually(what, async () => JSON.stringify(await checks()) === JSON.stringify(wanted));
  /** Of the log, when trouble began and when it was over. */
  const lines = (check: string) =>
    gateway.log().filter((line: LogLine) => line["check"] === check && TOLD.some((told) => line.msg.includes(told)));
  const put = async (client: S3Client, key: string) => {
    const begun = Date.now();
    const status = await client.send(new PutObjectCommand({ Bucket: "box", Key: key, Body: key })).then(
      () => 200,
      (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode,
    );
    expect(Date.now() - begun, "answered promptly").to.be.lessThan(PROMPT_MS);
    return status;
  };

  it("tells since when the chain is away, while uploads go on for a time, also after a restart, and that it is back", async () => {
    const relay = await new Relay(served.network.chainEndpoint).open();
    try {
      const { gatewayMnemonic: mnemonic } = served.network;
      const start = (chain: object, unready: boolean) =>
        served.serve("away", {
          more: { chain: { endpoints: [relay.endpoint], mnemonic, blockMs: 200, ...chain } },
          unready,
        });
      gateway = await start({}, false);
      await gateway.client().send(new CreateBucketCommand({ Bucket: "box" }));
      expect(await put(gateway.client(), "before")).to.equal(200);
      await relay.close();
      await becomes("the chain is away", { status: 503, reasons: ["chain"], warnings: [] });
      const [reason] = (await gateway.health()).reasons;
      expect(reason?.reason).to.contain(relay.endpoint);
      expect(Date.now() - Date.parse(reason?.since ?? "")).to.be.within(0, 60_000);
      expect(await put(gateway.client(), "away")).to.equal(200);
      await gateway.end("SIGTERM");
      gateway = await start({}, true);
      expect(await put(gateway.client(), "away and restarted")).to.equal(200);
      await gateway.end("SIGTERM");
      gateway = await start({ staleSeconds: 1 }, true);
      for (let n = 0; n < 3; n++) expect(await put(gateway.client(), "too long away")).to.equal(503);
      await relay.open();
      await becomes("the chain is back", { status: 200, reasons: [], warnings: [] });
      expect(await put(gateway.client(), "back")).to.equal(200);
      await eventually("both are in the log", () => lines("chain").length === 2);
      expect(lines("chain").map(({ msg }) => msg)).to.deep.equal([
        "the gateway is not ready",
        "what kept the gateway from being ready is over",
      ]);
      expect(lines("chain")[1]?.["seconds"]).to.be.a("number");
    } finally {
      await relay.close().catch(() => undefined);
    }
  });

  it("is not there with a clock 20 minutes off, and warns of one 6 minutes off", async () => {
    const started = (minutes: number) => {
      const path = join(served.folder, `${minutes}.mjs`);
      const shift = minutes * 60_000;
      writeFileSync(path, `const now = Date.now; Date.now = () => now() + ${shift};\n`);
      return served.serve("clock", { environment: { NODE_OPTIONS: `--import=${path}` }, unready: true });
    };
    gateway = await started(20);
    await becomes("20 minutes ahead", { status: 503, reasons: ["clock"], warnings: [] });
    expect((await gateway.health()).reasons[0]?.reason).to.contain("20 minutes ahead");
    await gateway.end("SIGKILL");
    gateway = await started(-20);
    await becomes("20 minutes behind", { status: 503, reasons: ["clock"], warnings: [] });
    await gateway.end("SIGKILL");
    gateway = await started(6);
    await becomes("6 minutes ahead", { status: 200, reasons: [], warnings: ["clock"] });
  });

  it("is not there while no account has authorized it on the chain, and warns while one of several has not", async () => {
    const owner = await signerFromMnemonic("//Node0");
    const stranger = {
      name: "stranger",
      cessAccount: owner.account,
      territory: "none",
      accessKeyId: "stranger",
      secretAccessKey: "strangersecret",
    };
    gateway = await served.serve("accounts", { more: { accounts: [...served.network.users, stranger] } });
    await becomes("a warning", { status: 200, reasons: [], warnings: ["authorization"] });
    expect((await gateway.health()).warnings[0]?.reason).to.contain("account stranger");
    expect(await gateway.metric('cess_s3_account_authorized{account="stranger"}')).to.equal(0);
    expect(await gateway.metric('cess_s3_account_authorized{account="cessdev"}')).to.equal(1);
    await gateway.end("SIGTERM");
    gateway = await served.serve("accounts", { more: { accounts: [stranger] }, unready: true });
    await becomes("not ready", { status: 503, reasons: ["authorization"], warnings: [] });
    expect((await gateway.health()).reasons[0]?.reason).to.contain("oss.authorize");
    const session = new ChainSession({ endpoints: [served.network.chainEndpoint] });
    const provisioning = new Provisioning({ session, owner });
    try {
      await provisioning.authorize((await signerFromMnemonic(served.network.gatewayMnemonic)).account);
    } finally {
      provisioning.close();
      await session.close();
    }
    await becomes("ready, long before the next look", { status: 200, reasons: [], warnings: [] });
    await eventually("both are in the log", () => lines("authorization").length === 2);
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../src/async/system-clock.js";
import { ChainStatus } from "../../src/cli/gateway/chain-status.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import type { Account, CessAccount } from "../../src/model/account.js";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { CessChain } from "../../src/network/chain/chain-client.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { eventually } from "../support/eventually.js";
import { Relay } from "../support/relay.js";

describe("What a gateway remembers of the chain", function () {
  this.timeout(120_000);
  let folder: string;
  let network: DevNetwork;
  let relays: Relay[];
  let session: ChainSession;
  let chain: CessChain;
  let status: ChainStatus;
  const said: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "chain-status-"));
    network = await DevNetwork.start({ folder, nodes: 12, blockMs: 200, spec: 133 });
    relays = [await new Relay(network.chainEndpoint).open(), await new Relay(network.chainEndpoint).open()];
    const [user] = network.users;
    const account: Account = {
      id: "a".repeat(64),
      displayName: "photos",
      cessAccount: (user?.cessAccount ?? "") as CessAccount,
      territory: user?.territory ?? "",
    };
    const absent: Account = { ...account, displayName: "none", territory: "there is none" };
    session = new ChainSession({
      endpoints: relays.map(({ endpoint }) => `${endpoint}/?key=secret`),
      retryDelayMs: 20,
      maxRetryDelayMs: 200,
    });
    chain = new CessChain({ session, signer: await signerFromMnemonic(network.gatewayMnemonic) });
    const hear = (level: string) => (fields: object, message: string) =>
      void said.push({ level, message, fields: { ...fields } });
    const log = { info: hear("info"), warn: hear("warn") } as never;
    status = new ChainStatus(
      { session, chain, clock: systemClock, log, accounts: () => [account, absent] },
      { blockMs: 200 },
    );
  });
  after(async () => {
    status.close();
    await chain.close();
    await session.close();
    for (const relay of relays) await relay.close().catch(() => undefined);
    await network.close();
    await rm(folder, { recursive: true });
  });

  it("is read in the background as soon as there is a connection", async () => {
    await eventually("balance and territories are known", () => status.territories.length > 0);
    expect(status.balance).to.be.greaterThan(0);
    const [territory] = status.territories;
    expect(status.territories).to.have.length(1);
    expect(territory).to.include({ account: "photos", state: "active", name: network.users[0]?.territory });
    expect(territory?.secondsLeft).to.be.greaterThan(0);
    const height = await eventually("a block is seen", () => status.height);
    await eventually("the next one, too", () => (status.height ?? 0) > height);
    expect(status.blockAge).to.be.within(0, 60);
  });

  it("says in the log when the connection was lost, why, and when it was found, without the URL's key", async () => {
    const lost = () => said.filter(({ level }) => level === "warn");
    const found = () => said.filter(({ level }) => level === "info");
    expect(found()).to.have.length(1);
    expect(lost()).to.have.length(0);
    await relays[0]?.close();
    await eventually("it is found again", () => found().length === 2);
    expect(lost()).to.have.length(1);
    const host = new URL(relays[0]?.endpoint ?? "").host;
    expect(lost()[0]?.message).to.contain("was lost");
    expect(lost()[0]?.fields).to.include({ endpoint: host });
    expect(lost()[0]?.fields["reason"]).to.contain(host);
    expect(found()[1]?.fields).to.deep.equal({ endpoint: new URL(relays[1]?.endpoint ?? "").host });
    expect(status.counts).to.deep.equal({ links: 2, failovers: 1 });
    expect(JSON.stringify(said)).to.not.contain("secret");
  });

  it("does not call it lost when the gateway itself ends", async () => {
    const before = said.length;
    await session.close();
    expect(said.length).to.equal(before);
  });
});

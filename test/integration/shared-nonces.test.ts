import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../src/async/system-clock.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { SharedNonces } from "../../src/cli/gateway/shared-nonces.js";
import { type DevChain, startDevChain } from "../../src/devnet/chain/dev-chain.js";
import { type Signer, signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { Submitter, type SubmitterSettings } from "../../src/network/chain/submitter.js";
import { eventually } from "../support/eventually.js";
import { Relay } from "../support/relay.js";
import { testKeys } from "../support/test-keys.js";
import { freshAccount, QUICK, TOKEN, tokensOf, transfer } from "../support/token-transfers.js";

/** Long enough for a busy machine to sign in. */
const RESERVE_MS = 3_000;

/** A gateway as far as it signs. */
interface Gateway {
  readonly submitter: Submitter;
  readonly catalog: Catalog;
  readonly relay: Relay;
  /** From then on it does nothing more, as after a kill. */
  kill(): Promise<void>;
}

describe("Gateways that share a signing account", () => {
  let folder: string;
  let devChain: DevChain;
  let rich: Signer;
  let gateways: Gateway[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "shared-nonces-"));
    rich = await signerFromMnemonic("//Rich");
    const genesis = { balances: { [rich.account]: 1_000_000n * TOKEN } };
    devChain = await startDevChain({}, { folder, port: 0, blockMs: 100, genesis });
  });
  after(async () => {
    await devChain.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    gateways = [];
  });
  afterEach(async () => {
    devChain.faults.holdFinality(false);
    for (const gateway of gateways) await gateway.kill();
  });

  const open = async (settings: Partial<SubmitterSettings> = {}): Promise<Gateway> => {
    const relay = await new Relay(devChain.endpoint).open();
    const session = new ChainSession({ ...QUICK, endpoints: [relay.endpoint] });
    await session.ready();
    const catalog = await openSqliteCatalog(
      { clock: systemClock, sealer: testKeys, gateway: `gateway-${gateways.length}` },
      { path: join(folder, "catalog.db"), shared: true },
    );
    const nonces = new SharedNonces(
      { catalog, log: { warn: () => undefined } },
      { account: rich.account, reserveMs: RESERVE_MS },
    );
    const { connection, blocks } = session;
    const submitter = new Submitter({ signer: rich, connection, blocks, nonces }, settings);
    let ended: Promise<void> | undefined;
    const end = async () => {
      relay.deaf = true;
      relay.cut();
      submitter.close();
      await session.close();
      await relay.close();
      await catalog.close();
    };
    const gateway = { submitter, catalog, relay, kill: () => (ended ??= end()) };
    gateways.push(gateway);
    return gateway;
  };
  const tokens = async (account: string): Promise<number> => {
    const session = new ChainSession({ ...QUICK, endpoints: [devChain.endpoint] });
    try {
      return await tokensOf(session, account);
    } finally {
      await session.close();
    }
  };
  const settled = (by: Gateway) =>
    eventually("no nonce is under way", async () => (await by.catalog.extrinsics.open(rich.account)).length === 0);

  it("lose none and use none twice, however many sign at once", async () => {
    const [one, two, three] = [await open(), await open(), await open()];
    const accounts = Array.from({ length: 24 }, freshAccount);
    const nonces: number[] = [];
    await Promise.all(
      accounts.map((to, n) =>
        [one, two, three][n % 3]!.submitter.submit(transfer(to), {
          onSigned: ({ nonce }) => Promise.resolve(void nonces.push(nonce)),
        }),
      ),
    );
    expect(new Set(nonces).size).to.equal(24);
    for (const to of accounts) expect(await tokens(to)).to.equal(1);
    await settled(one);
  });

  it("go on when one died between taking a nonce and signing with it, and what it had not sent never comes", async () => {
    const [one, two] = [await open(), await open()];
    const [never, to] = [freshAccount(), freshAccount()];
    let taken = (): void => undefined;
    const hasTaken = new Promise<void>((resolve) => (taken = resolve));
    const onSigned = () => {
      taken();
      return new Promise<void>(() => undefined);
    };
    const lost = one.submitter.submit(transfer(never), { onSigned }).catch((error: unknown) => error);
    await hasTaken;
    // The later nonce waits for the earlier one, which nobody will use but to close the gap.
    const waiting = two.submitter.submit(transfer(to));
    await one.kill();
    expect(await lost).to.be.instanceOf(Error);
    await waiting;
    expect([await tokens(never), await tokens(to)]).to.deep.equal([0, 1]);
    await settled(two);
  });

  it("send again what one had signed that died before any node got it", async () => {
    const [one, two] = [await open(), await open({ resendAfterBlocks: 2 })];
    const to = freshAccount();
    let signed = (): void => undefined;
    const hasSigned = new Promise<void>((resolve) => (signed = resolve));
    const onSigned = () => {
      one.relay.deaf = true;
      signed();
      return Promise.resolve();
    };
    const lost = one.submitter.submit(transfer(to), { onSigned }).catch((error: unknown) => error);
    await hasSigned;
    await eventually("the catalog has the bytes", async () =>
      (await two.catalog.extrinsics.open(rich.account)).some((taken) => taken.signed),
    );
    await one.kill();
    expect(await lost).to.be.instanceOf(Error);
    await eventually("another one has sent it", async () => (await tokens(to)) === 1);
    await two.submitter.submit(transfer(freshAccount()));
    await settled(two);
    expect(await tokens(to)).to.equal(1);
  });

  it("find the outcome of what another one has sent again", async () => {
    const [one] = [await open(), await open({ resendAfterBlocks: 2 })];
    const to = freshAccount();
    const onSigned = () => {
      one.relay.deaf = true;
      return Promise.resolve();
    };
    const waiting = one.submitter.submit(transfer(to), { onSigned });
    await eventually("the other one has sent it", async () => (await tokens(to)) === 1);
    one.relay.deaf = false;
    one.relay.cut();
    await waiting;
    expect(await tokens(to)).to.equal(1);
  });

  it("give a nonce back when what is signed with it cannot be saved, and close the gap", async () => {
    const [one, two] = [await open(), await open()];
    const [never, to] = [freshAccount(), freshAccount()];
    let other: Promise<unknown> = Promise.resolve();
    const onSigned = async () => {
      other = two.submitter.submit(transfer(to));
      await eventually("the other one has a later nonce", async () =>
        (await two.catalog.extrinsics.open(rich.account)).some((taken) => taken.signed),
      );
      throw new Error("the lease is lost");
    };
    const error: unknown = await one.submitter.submit(transfer(never), { onSigned }).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.equal("the lease is lost");
    await other;
    expect([await tokens(never), await tokens(to)]).to.deep.equal([0, 1]);
  });
});

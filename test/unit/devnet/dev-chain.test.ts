import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { ISubmittableResult } from "@polkadot/types/types";
import { startDevChain } from "../../../src/devnet/chain/dev-chain.js";
import { account, ChainClient, connect, TOKEN, type Tx } from "./chain-client.js";

const alice = account("Alice");
const bob = account("Bob");
const poor = account("Poor");

describe("the dev chain's extrinsics and pool", () => {
  let chain: ChainClient;

  before(async () => {
    chain = await ChainClient.start(133, { accounts: [alice, bob] });
  });
  after(() => chain.close());

  const transfer = (amount = TOKEN): Tx => chain.api.tx.balances!.transferKeepAlive!(bob.address, amount);
  const nextNonce = async (): Promise<number> =>
    (await chain.api.rpc.system.accountNextIndex(alice.address)).toNumber();
  const free = async (address: string): Promise<bigint> =>
    BigInt(((await chain.query("system", "account", address)) as unknown as { data: { free: string } }).data.free);

  it("charges a ten-thousandth of a token for each byte, also where the call is refused", async () => {
    const before = await free(alice.address);
    const { error } = await chain.run(alice, transfer(10n ** 30n));
    expect(error).to.equal("Token");
    const paid = before - (await free(alice.address));
    expect(Number(paid) / Number(TOKEN)).to.be.within(0.013, 0.016);
  });

  it("forgets what a refused call had written, but counts its nonce", async () => {
    const nonce = await nextNonce();
    const { batchAll } = chain.api.tx.utility!;
    const before = await free(bob.address);
    const { error, events } = await chain.run(alice, batchAll!([transfer(), transfer(10n ** 30n)]));
    expect(error).to.equal("Token");
    expect(events).to.deep.equal([]);
    expect(await free(bob.address)).to.equal(before);
    expect(await nextNonce()).to.equal(nonce + 1);
  });

  it("runs a batch up to its first failure, and a forced batch to its end", async () => {
    const calls = [transfer(), transfer(10n ** 30n), transfer()];
    const { batch, forceBatch } = chain.api.tx.utility!;
    const interrupted = await chain.run(alice, batch!(calls));
    expect(interrupted.events.filter((name) => name.startsWith("utility"))).to.deep.equal([
      "utility.ItemCompleted",
      "utility.BatchInterrupted",
    ]);
    const forced = await chain.run(alice, forceBatch!(calls));
    expect(forced.events.filter((name) => name.startsWith("utility"))).to.deep.equal([
      "utility.ItemCompleted",
      "utility.ItemFailed",
      "utility.ItemCompleted",
      "utility.BatchCompletedWithErrors",
    ]);
  });

  it("refuses a signature that is not the signer's with code 1010", async () => {
    const signed = await transfer().signAsync(alice, { nonce: await nextNonce(), era: 0 });
    const bytes = signed.toU8a();
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    const refused = chain.api.rpc.author.submitExtrinsic(`0x${Buffer.from(bytes).toString("hex")}`);
    expect(await message(refused)).to.equal("1010: Invalid Transaction: Transaction has a bad signature");
  });

  it("refuses an extrinsic made for another chain", async () => {
    const foreign = { genesisHash: `0x${"11".repeat(32)}`, blockHash: `0x${"11".repeat(32)}` };
    const signed = await transfer().signAsync(alice, { nonce: await nextNonce(), era: 0, ...foreign });
    expect(await message(chain.api.rpc.author.submitExtrinsic(signed))).to.match(/bad signature/);
  });

  it("refuses a nonce that has been used as outdated", async () => {
    expect(await message(chain.submit(alice, transfer(), 0))).to.equal(
      "1010: Invalid Transaction: Transaction is outdated",
    );
  });

  it("refuses an account that can not pay the fee", async () => {
    expect(await message(chain.submit(poor, transfer()))).to.match(/^1010: .*Inability to pay some fees/);
  });

  it("refuses the same extrinsic twice, and the same nonce again without a higher tip", async () => {
    const nonce = await nextNonce();
    await chain.submit(alice, transfer(), nonce);
    expect(await message(chain.submit(alice, transfer(2n * TOKEN), nonce))).to.match(/^1014: Priority is too low/);
    const signed = await transfer(3n * TOKEN).signAsync(alice, { nonce, era: 0, tip: 5 });
    await chain.api.rpc.author.submitExtrinsic(signed);
    expect(await message(chain.api.rpc.author.submitExtrinsic(signed))).to.match(/^1013: Transaction Already Imported/);
    chain.build();
    expect(await nextNonce()).to.equal(nonce + 1);
  });

  it("refuses an extrinsic whose era is over", async () => {
    const { hash, number } = chain.devChain.chain.best;
    const era = chain.api.createType("ExtrinsicEra", { current: number, period: 4 });
    const signed = await transfer().signAsync(alice, {
      nonce: await nextNonce(),
      era: era.toU8a() as never,
      blockHash: `0x${hash}`,
    });
    for (let i = 0; i < 6; i += 1) chain.build();
    expect(await message(chain.api.rpc.author.submitExtrinsic(signed))).to.match(/^1010: Invalid Transaction/);
  });

  it("includes two extrinsics of one account in one block when the nonces come from accountNextIndex", async () => {
    await chain.submit(alice, transfer());
    await chain.submit(alice, transfer());
    const block = chain.build();
    expect((await chain.outcome(block, 1)).error).to.equal(undefined);
    expect((await chain.outcome(block, 2)).events).to.include("balances.Transfer");
  });

  it("lets an extrinsic wait while an earlier nonce is missing", async () => {
    const nonce = await nextNonce();
    await chain.submit(alice, transfer(), nonce + 1);
    chain.build();
    expect(await nextNonce()).to.equal(nonce);
    await chain.submit(alice, transfer(), nonce);
    chain.build();
    expect(await nextNonce()).to.equal(nonce + 2);
  });

  it("takes requests by plain HTTP too, and answers what it can not serve with the codes of a Substrate node", async () => {
    const post = async (...calls: [method: string, params: unknown[]][]): Promise<unknown> => {
      const body = JSON.stringify(calls.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
      const answers = await (
        await fetch(chain.devChain.endpoint.replace("ws:", "http:"), { method: "POST", body })
      ).json();
      return (answers as { result?: unknown; error?: { code: number } }[]).map(
        ({ result, error }) => result ?? error?.code,
      );
    };
    expect(
      await post(
        ["system_chain", []],
        ["no_such", []],
        ["constructor", []],
        ["chain_subscribeNewHeads", []],
        ["author_submitExtrinsic", ["0x080405"]],
        ["state_getStorage", [7]],
      ),
    ).to.deep.equal(["cess-devnet", -32601, -32601, -32601, 1002, -32602]);
  });

  it("keeps the state of the last 256 blocks and says that older state is discarded", async () => {
    const old = chain.build();
    for (let i = 0; i < 255; i += 1) chain.build();
    expect((await (await chain.api.at(old)).query.system!.number!()).toString()).to.equal(
      String(chain.devChain.chain.best.number - 255),
    );
    chain.build();
    expect(await message(chain.api.rpc.state.getStorage("0x00", old))).to.match(/State already discarded/);
  });

  it("lists a map's keys page by page, or at once", async () => {
    const entries = await chain.api.query.system!.account!.entries();
    expect(entries.map(([key]) => key.args[0]!.toString())).to.have.members([alice.address, bob.address]);
    const one = await chain.api.query.system!.account!.keysPaged({ args: [], pageSize: 1 });
    expect(one).to.have.length(1);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- other clients still ask it
    const all = await chain.api.rpc.state.getKeys(chain.api.query.system!.account!.keyPrefix());
    expect(all.map(String), "as the Go SDKs ask").to.have.members(entries.map(([key]) => key.toHex()));
  });
});

describe("the dev chain as a node", () => {
  it("tells a watched extrinsic ready, in block and finalized, and new heads and storage as they come", async () => {
    const chain = await ChainClient.start(133, { blockMs: 30, accounts: [alice, bob] });
    try {
      const balances: string[] = [];
      const stop = await chain.api.query.system!.account!(bob.address, (info: { toJSON(): unknown }) => {
        balances.push(JSON.stringify(info.toJSON()));
      });
      const statuses = await watched(chain.api.tx.balances!.transferKeepAlive!(bob.address, TOKEN));
      expect(statuses[0]).to.equal("Ready");
      expect(statuses.at(-1)).to.equal("Finalized");
      expect(balances).to.have.length(2);
      (stop as unknown as () => void)();
      const finalized = await chain.api.rpc.chain.getFinalizedHead();
      const best = await chain.api.rpc.chain.getHeader();
      const { number } = await chain.api.rpc.chain.getHeader(finalized);
      expect(best.number.toNumber()).to.be.greaterThanOrEqual(number.toNumber());
    } finally {
      await chain.close();
    }
  });

  it("finds blocks, state and its genesis hash again after a restart, and refuses a folder of the other spec", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dev-chain-"));
    const settings = { folder, port: 0, blockMs: 3_600_000, genesis: { balances: { [alice.address]: 1000n * TOKEN } } };
    try {
      const first = await startDevChain({}, settings);
      const api = await connect(first.endpoint);
      await api.rpc.author.submitExtrinsic(
        await api.tx.balances!.transferKeepAlive!(bob.address, 5n * TOKEN).signAsync(alice),
      );
      const { hash, number } = first.chain.build();
      await api.disconnect();
      await first.close();

      const again = await startDevChain({}, { ...settings, genesis: { balances: {} } });
      expect(again.chain.genesisHash).to.equal(first.chain.genesisHash);
      expect(again.chain.best).to.deep.include({ hash, number });
      const client = await connect(again.endpoint);
      expect(await client.query.system!.account!(bob.address))
        .to.have.nested.property("data.free")
        .that.satisfies((free: { toBigInt(): bigint }) => free.toBigInt() === 5n * TOKEN);
      await client.disconnect();
      await again.close();

      expect(await message(startDevChain({}, { ...settings, spec: 100 }))).to.match(
        /holds a dev chain of spec 133, not 100/,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("can stall, ignore an extrinsic, hold finality and cut connections", async () => {
    const chain = await ChainClient.start(133, { accounts: [alice, bob] });
    try {
      const { faults } = chain.devChain;
      faults.ignoreExtrinsics(1);
      await chain.submit(alice, chain.api.tx.balances!.transferKeepAlive!(bob.address, TOKEN));
      chain.build();
      expect(await chain.api.rpc.author.pendingExtrinsics()).to.have.length(1);
      faults.holdFinality(true);
      chain.build();
      const held = chain.devChain.chain.finalized.number;
      chain.build();
      expect(chain.devChain.chain.finalized.number).to.equal(held);
      faults.holdFinality(false);
      expect(chain.devChain.chain.finalized.number).to.equal(chain.devChain.chain.best.number - 1);
      const cut = new Promise<void>((resolve) => chain.api.once("disconnected", () => resolve()));
      const back = new Promise<void>((resolve) => chain.api.once("connected", () => resolve()));
      faults.dropConnections();
      await cut;
      await back;
      expect((await chain.api.rpc.system.chain()).toString()).to.equal("cess-devnet");
    } finally {
      await chain.close();
    }
  });

  it("freezes a territory at its deadline, expires it seven days later and clears its files", async () => {
    const chain = await ChainClient.start(133, { dayBlocks: 1, accounts: [alice] });
    const { sminer, storageHandler } = chain.api.tx;
    const state = async (): Promise<unknown> =>
      ((await chain.query("storageHandler", "territory", alice.address, "brief")) as { state?: unknown } | null)?.state;
    try {
      await chain.run(alice, sminer!.regnstk!(alice.address, "http://127.0.0.1:1", 4000n * TOKEN, 1));
      expect((await chain.run(alice, storageHandler!.mintTerritory!(1, "brief", 29))).error).to.equal(
        "storageHandler.BoundariesNotMet",
      );
      expect((await chain.run(alice, storageHandler!.mintTerritory!(2000, "brief", 30))).error).to.equal(
        "storageHandler.InsufficientAvailableSpace",
      );
      expect((await chain.run(alice, storageHandler!.mintTerritory!(1, "brief", 30))).error).to.equal(undefined);
      expect((await chain.run(alice, storageHandler!.mintTerritory!(1, "brief", 30))).error).to.equal(
        "storageHandler.PurchasedSpace",
      );
      for (let i = 0; i < 28; i += 1) chain.build();
      expect(await state()).to.equal("Active");
      chain.build();
      expect(await state()).to.equal("Frozen");
      expect((await chain.run(alice, storageHandler!.expandingTerritory!("brief", 1))).error).to.equal(
        "storageHandler.NotActive",
      );
      for (let i = 0; i < 6; i += 1) chain.build();
      expect(await state()).to.equal("Expired");
      expect((await chain.run(alice, storageHandler!.renewalTerritory!("brief", 30))).error).to.equal(
        "storageHandler.StateError",
      );
      expect((await chain.run(alice, storageHandler!.reactivateTerritory!("brief", 30))).error).to.equal(undefined);
      expect(await state()).to.equal("Active");
    } finally {
      await chain.close();
    }
  });
});

async function watched(tx: Tx): Promise<string[]> {
  const statuses: string[] = [];
  await new Promise<void>((resolve, reject) => {
    tx.signAndSend(alice, { nonce: -1 }, ({ status }: ISubmittableResult) => {
      statuses.push(status.type);
      if (status.isFinalized) resolve();
    }).catch(reject);
  });
  return statuses;
}

async function message(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return (error as Error).message;
  }
}

import { expect } from "chai";
import type { CessAccount } from "../../../src/model/account.js";
import type { Fid } from "../../../src/model/hash.js";
import { CHARGED_PER_SEGMENT } from "../../../src/model/sizes.js";
import { ChainRefusal } from "../../../src/network/chain/chain.js";
import { alice, Bench, bob, tinyFile, type BenchSettings } from "../../support/distribution-bench.js";

const CHARGED = BigInt(CHARGED_PER_SEGMENT);

describe("Distribution: an object's way into the network", () => {
  let bench: Bench;
  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
    await bench.start();
  };
  afterEach(() => bench.close());

  it("brings an object to stored, on twelve different nodes, and lets its staged bytes go", async () => {
    await open();
    await bench.put(alice, "report.pdf", "some bytes");
    await bench.untilState(alice, "report.pdf", "stored");
    await bench.noJobs();
    const row = (await bench.row(alice, "report.pdf"))!;
    const file = (await bench.chain.file(row.fid, "finalized"))!;
    expect(file.owners.map(({ account, territory }) => ({ account, territory }))).to.deep.equal([
      { account: alice.cessAccount, territory: "home" },
    ]);
    expect(new Set(file.segments[0]!.fragments.map(({ node }) => node)).size).to.equal(12);
    expect(row).to.include({ state: "stored", reports: 12 });
    expect(row.signed).to.equal(undefined);
    expect(row.blobs).to.deep.equal([]);
    expect(await bench.blobs.list()[Symbol.asyncIterator]().next()).to.include({ done: true });
    expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: CHARGED, locked: 0n });
    expect(bench.errors).to.deep.equal([]);
    expect(bench.metrics).to.include({ encoded: 1, declarations: 1, stored: 1, fragmentsSent: 12 });
  });

  it("stores many objects at once, and holds no more fragments in memory than it may", async () => {
    await open({ distribution: { bytesInFlight: 3 * 8 * 1024 * 1024, storeConcurrency: 4 } });
    for (let n = 0; n < 10; n++) await bench.put(alice, `object ${n}`, `bytes of ${n}`);
    for (let n = 0; n < 10; n++) await bench.untilState(alice, `object ${n}`, "stored");
    expect(bench.nodes.mostSending).to.equal(3);
    expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: 10n * CHARGED, locked: 0n });
  });

  it("orders equal bytes of one owner once", async () => {
    await open();
    await bench.put(alice, "one", "equal");
    await bench.put(alice, "two", "equal");
    await bench.untilState(alice, "one", "stored");
    await bench.untilState(alice, "two", "stored");
    await bench.put(alice, "three", "equal");
    await bench.untilState(alice, "three", "stored");
    await bench.noJobs();
    expect(bench.chain.log).to.have.length(1);
    expect(await bench.sweep()).to.equal(0);
  });

  for (const spec of [100, 133] as const) {
    it(`adds a second owner of the same bytes when the first deal is a file, spec ${spec}`, async () => {
      await open({ spec });
      await Promise.all([bench.put(alice, "mine", "shared bytes"), bench.put(bob, "mine", "shared bytes")]);
      await bench.untilState(alice, "mine", "stored");
      await bench.untilState(bob, "mine", "stored");
      await bench.noJobs();
      expect(bench.chain).to.include({ overwrites: 0, doubleListings: 0, refusals: 0 });
      expect(bench.chain.log.map((line) => line.split(" ")[0])).to.deep.equal(["declare", "join"]);
      expect(bench.nodes.accepted).to.have.length(12);
      expect(await bench.sweep()).to.equal(0);
    });
  }

  it("waits while another gateway's deal for the same bytes is pending, then joins", async () => {
    await open();
    const { fid, segments } = tinyFile("shared bytes");
    bench.chain.declareAsStranger({
      fid,
      owner: bob.cessAccount,
      territory: "fixture",
      fileName: "theirs",
      size: 12,
      segments,
    });
    await bench.until("the stranger's deal is there", () => bench.chain.pendingDeals().length === 1);
    await bench.put(alice, "mine", "shared bytes");
    await bench.untilState(alice, "mine", "encoded");
    await bench.blocks(20);
    expect(bench.chain.log).to.have.length(1);
    for (let index = 0; index < 12; index++) bench.chain.report(`cXnode${index + 1}` as CessAccount, index, fid);
    await bench.untilState(alice, "mine", "stored");
    expect(bench.chain.overwrites).to.equal(0);
    expect(bench.chain.log.map((line) => line.split(" ")[0])).to.deep.equal(["declare", "join"]);
    expect(bench.nodes.accepted).to.have.length(0);
  });

  it("takes up the deal of its own owner that another gateway declared, from its reports", async () => {
    await open();
    const { fid, segments } = tinyFile("my bytes");
    bench.chain.declareAsStranger({
      fid,
      owner: alice.cessAccount,
      territory: "home",
      fileName: "mine",
      size: 8,
      segments,
    });
    for (let index = 0; index < 5; index++) bench.chain.report(`cXnode${index + 1}` as CessAccount, index, fid);
    await bench.until("five reports are there", () => bench.chain.pendingDeals()[0]?.reports.length === 5);
    await bench.put(alice, "mine", "my bytes");
    await bench.untilState(alice, "mine", "stored");
    expect(bench.chain.log).to.have.length(1);
    expect(bench.nodes.accepted).to.have.length(7);
  });

  it("signs nothing while the owner has not authorized it, says why, and goes on when they have", async () => {
    bench = await Bench.open();
    bench.chain.set(({ authorizers }) => authorizers.delete(alice.cessAccount));
    await bench.start();
    await bench.put(alice, "early", "bytes");
    await bench.until("the failure is told", () => bench.failures.length >= 2);
    expect(bench.failures[0]).to.equal("the account cXalice has not authorized this gateway (oss.authorize cXgateway)");
    expect(bench.chain.refusals).to.equal(0);
    expect(await bench.state(alice, "early")).to.equal("encoded");
    bench.chain.set(({ authorizers }) => authorizers.add(alice.cessAccount));
    await bench.untilState(alice, "early", "stored");
  });

  it("signs nothing that the territory cannot hold, says how much is left, and goes on when it has grown", async () => {
    bench = await Bench.open();
    // "The test is remaining > needed, strictly": exactly one segment's charge is too little.
    bench.chain.set(({ territories }) => (territories.get("cXalice/home")!.total = CHARGED));
    await bench.start();
    await bench.put(alice, "big", "bytes");
    await bench.until("the failure is told", () => bench.failures.length >= 2);
    expect(bench.failures[0]).to.include(
      "territory home has too little space left: 96 MiB are left and the file needs more than 96 MiB",
    );
    expect(bench.chain.refusals).to.equal(0);
    bench.chain.set(({ territories }) => (territories.get("cXalice/home")!.total = CHARGED + 1n));
    await bench.untilState(alice, "big", "stored");
  });

  it("tells a territory that is missing or frozen", async () => {
    bench = await Bench.open();
    bench.chain.set(({ territories }) => (territories.get("cXalice/home")!.state = "frozen"));
    bench.chain.set(({ territories }) => territories.delete("cXbob/fixture"));
    await bench.start();
    await bench.put(alice, "frozen", "bytes");
    await bench.put(bob, "missing", "other bytes");
    await bench.until("both are told", () => new Set(bench.failures).size >= 2);
    expect(new Set(bench.failures)).to.deep.equal(
      new Set(["territory home is frozen: renew it", "the account cXbob has no territory named fixture"]),
    );
  });

  it("gives a file up when the chain calls the order malformed, keeps its bytes, and frees them when it is deleted", async () => {
    bench = await Bench.open();
    bench.chain.declare = async (_order, { onSigned }) => {
      await onSigned?.({ nonce: 0, untilBlock: 1 });
      throw new ChainRefusal("fileBank", "SpecError");
    };
    await bench.start();
    await bench.put(alice, "bad", "bytes");
    await bench.until("the row is failed", async () => (await bench.row(alice, "bad"))?.state === "failed");
    const row = (await bench.row(alice, "bad"))!;
    expect(row.failure).to.equal("the chain refused the order: fileBank.SpecError");
    expect(row.blobs).to.have.length(1);
    await bench.noJobs();
    await bench.remove(alice, "bad");
    await bench.noJobs();
    expect(await bench.catalog.files.get(row.id)).to.equal(undefined);
    expect(await bench.sweep()).to.equal(0);
  });

  it("orders again when an extrinsic was lost, but not before it can no longer be included", async () => {
    bench = await Bench.open();
    bench.chain.dropNext = 1;
    await bench.start();
    await bench.put(alice, "lost", "bytes");
    await bench.until("the order is marked", async () => (await bench.row(alice, "lost"))?.signed !== undefined);
    const untilBlock = (await bench.row(alice, "lost"))!.signed!.untilBlock;
    await bench.until("the order is on chain", () => bench.chain.log.length === 1);
    expect(await bench.chain.finalizedBlock()).to.be.at.least(untilBlock);
    await bench.untilState(alice, "lost", "stored");
    expect(bench.chain.log).to.have.length(1);
  });

  it("does not order again because an endpoint does not show the deal", async () => {
    await open({ nodes: 11 });
    await bench.put(alice, "hidden", "bytes");
    await bench.untilState(alice, "hidden", "declared");
    const { fid } = (await bench.row(alice, "hidden"))!;
    bench.chain.hidden.add(fid);
    await bench.blocks(30);
    expect(await bench.state(alice, "hidden")).to.equal("declared");
    bench.chain.hidden.delete(fid);
    bench.chain.addNode({ ...(await bench.chain.nodes())[0]!, account: "cXnode12" as CessAccount });
    await bench.until("the order was placed once", () => bench.chain.log.length === 1);
    expect(bench.chain.overwrites).to.equal(0);
  });

  it("orders again when a deal stays away over many finalized blocks", async () => {
    await open({ nodes: 11 });
    await bench.put(alice, "reorganised", "bytes");
    await bench.untilState(alice, "reorganised", "declared");
    bench.chain.set(({ deals }) => deals.clear());
    await bench.until("it is declared a second time", () => bench.chain.log.length === 2);
    expect(bench.chain.overwrites).to.equal(0);
  });

  it("says on the object why a deal that the chain dropped is not ordered again, and orders it when that has passed", async () => {
    await open({ nodes: 11 });
    await bench.put(alice, "dropped", "bytes");
    await bench.untilState(alice, "dropped", "declared");
    const waiting = async () =>
      (await bench.catalog.objects.get(alice.displayName, "dropped"))?.durability.waiting ?? "";
    await bench.until("the object says that a node is missing", async () =>
      /1 fragment indexes need a storage node/.test(await waiting()),
    );
    const name = `${alice.cessAccount}/${alice.territory}`;
    bench.chain.set(({ deals, territories }) => {
      deals.clear();
      territories.set(name, { ...territories.get(name)!, state: "expired" });
    });
    await bench.until("the object says that its territory has expired", async () =>
      /territory home is expired: renew it/.test(await waiting()),
    );
    expect(bench.chain.log).to.have.length(1);
    expect(bench.metrics).to.include({ dealsLost: 1 });
    bench.chain.set(({ territories }) => territories.set(name, { ...territories.get(name)!, state: "active" }));
    await bench.until("it is declared a second time", () => bench.chain.log.length === 2);
    expect(bench.chain.overwrites).to.equal(0);
  });

  it("joins a file that took the place of its deal", async () => {
    await open({ nodes: 11 });
    await bench.put(alice, "taken over", "bytes");
    await bench.untilState(alice, "taken over", "declared");
    const { fid, segments } = (await bench.row(alice, "taken over"))!;
    const node = "cXother" as CessAccount;
    bench.chain.set((state) => {
      state.deals.clear();
      state.files.set(fid, {
        fid,
        size: 5,
        owners: [{ account: bob.cessAccount, territory: "fixture" }],
        segments: segments.map(({ hash, fragments }) => ({
          hash,
          fragments: fragments.map((fragment) => ({ hash: fragment, node })),
        })),
      });
    });
    await bench.untilState(alice, "taken over", "stored");
    expect((await bench.chain.file(fid))!.owners).to.have.length(2);
  });

  it("gives up a file whose identity the network has with other content", async () => {
    await open();
    const { fid, segments } = tinyFile("bytes");
    const rubbish = "0".repeat(64) as Fid;
    bench.chain.set((state) => {
      state.files.set(fid, {
        fid,
        size: 5,
        owners: [{ account: bob.cessAccount, territory: "fixture" }],
        segments: segments.map(({ hash, fragments }) => ({
          hash,
          fragments: fragments.map(() => ({ hash: rubbish, node: "cXother" as CessAccount })),
        })),
      });
    });
    await bench.put(alice, "squatted", "bytes");
    await bench.until("it is given up", async () => (await bench.row(alice, "squatted"))?.state === "failed");
    const row = (await bench.row(alice, "squatted"))!;
    expect(row.failure).to.equal(`the network has other content under this file's identity ${fid} (of cXbob)`);
    expect(row.blobs).to.have.length(1);
    expect(bench.chain.log).to.deep.equal([]);
  });

  it("outlasts a chain that does not answer", async () => {
    await open();
    bench.chain.connected = false;
    await bench.put(alice, "patient", "bytes");
    await bench.until("the failure is told", () => bench.failures.length >= 2);
    expect(bench.failures[0]).to.equal("no endpoint answers");
    bench.chain.connected = true;
    bench.chain.emitGap();
    await bench.untilState(alice, "patient", "stored");
  });

  it("says that an owner's account is not configured, and keeps the bytes", async () => {
    bench = await Bench.open();
    bench.accounts.delete(alice.id);
    await bench.start();
    await bench.put(alice, "whose", "bytes");
    await bench.until("the failure is told", () => bench.failures.length >= 1);
    expect(bench.failures[0]).to.equal(`the owner's account ${alice.id} is not configured here`);
    bench.accounts.set(alice.id, alice);
    await bench.untilState(alice, "whose", "stored");
  });
});

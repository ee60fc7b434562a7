import { expect } from "chai";
import type { TakeOver } from "../../../src/catalog/catalog.js";
import type { CessAccount } from "../../../src/model/account.js";
import { PLAIN } from "../../../src/model/file.js";
import { CHARGED_PER_SEGMENT } from "../../../src/model/sizes.js";
import { alice, Bench, bob, tinyFile, type BenchSettings } from "../../support/distribution-bench.js";

describe("Distribution: a file that is taken over from the network", () => {
  const content = "shared bytes";
  const { fid, segments } = tinyFile(content);
  let bench: Bench;

  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
    await bench.start();
  };
  afterEach(() => bench.close());

  /** Bob's other gateway stores the file, as far as its deal: `reports` of the nodes. */
  async function storeElsewhere(reports = 12): Promise<void> {
    const owner = bob.cessAccount;
    bench.chain.declareAsStranger({ fid, owner, territory: "fixture", fileName: "theirs", size: 12, segments });
    await bench.until("the deal is there", () => bench.chain.pendingDeals().length === 1);
    for (let index = 0; index < reports; index++) bench.chain.report(`cXnode${index + 1}` as CessAccount, index, fid);
    if (reports === 12) await bench.until("the file is there", () => bench.chain.finalFile(fid) !== undefined);
  }

  async function takeOver(): Promise<TakeOver> {
    const file = { fid, size: 12, format: PLAIN, segments, territory: alice.territory };
    const taken = await bench.catalog.takeOvers.begin({ owner: alice.id, bucket: "alice", key: "box/ours.txt", file });
    bench.wake("store");
    return taken;
  }

  const progress = ({ id }: TakeOver) => bench.catalog.takeOvers.progress(id);
  const untilStored = (taken: TakeOver) =>
    bench.until("it is taken over", async () => (await progress(taken))?.state === "stored");
  const log = () => bench.chain.log.map((line) => line.split(" ")[0]);

  for (const spec of [100, 133] as const) {
    it(`is declared for its new owner and nothing is sent, spec ${spec}`, async () => {
      await open({ spec });
      await storeElsewhere();
      const taken = await takeOver();
      await untilStored(taken);
      expect(bench.chain.finalFile(fid)?.owners.map(({ account }) => account)).to.deep.equal([
        bob.cessAccount,
        alice.cessAccount,
      ]);
      expect(log()).to.deep.equal(["declare", "join"]);
      expect(bench.nodes.accepted).to.have.length(0);
      const charged = BigInt(CHARGED_PER_SEGMENT) / (spec === 100 ? 2n : 1n);
      expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: charged, locked: 0n });
      await bench.noJobs();
      expect(bench.chain).to.include({ overwrites: 0, doubleListings: 0, refusals: 0 });
    });
  }

  it("is declared under the name of the object that it is taken over for, where the bucket's tag says so", async () => {
    await open();
    await storeElsewhere();
    await bench.catalog.documents.put("alice", "tagging", [{ key: "cess-name", value: "key" }]);
    await untilStored(await takeOver());
    expect(bench.chain.finalFile(fid)?.owners.map(({ fileName }) => fileName)).to.deep.equal(["theirs", "ours.txt"]);
  });

  it("is not declared for an owner that the chain lists already", async () => {
    await open();
    await storeElsewhere();
    bench.chain.declareAsStranger({
      fid,
      owner: alice.cessAccount,
      territory: "home",
      fileName: "mine",
      size: 12,
      segments,
    });
    await bench.until("alice is an owner", () => bench.chain.finalFile(fid)?.owners.length === 2);
    await untilStored(await takeOver());
    expect(log()).to.deep.equal(["declare", "join"]);
    expect(bench.chain.doubleListings).to.equal(0);
  });

  it("is deleted for this owner again when no object came, and stays for the other", async () => {
    await open();
    await storeElsewhere();
    const taken = await takeOver();
    await untilStored(taken);
    await bench.catalog.takeOvers.end(taken.id);
    bench.wake("delete");
    await bench.noJobs();
    expect(bench.chain.finalFile(fid)?.owners.map(({ account }) => account)).to.deep.equal([bob.cessAccount]);
    expect(await bench.catalog.files.get(taken.file)).to.equal(undefined);
  });

  it("is declared again when it is wanted again while its deletion is on the way", async () => {
    await open();
    await storeElsewhere();
    const taken = await takeOver();
    await untilStored(taken);
    await bench.catalog.takeOvers.end(taken.id);
    bench.wake("delete");
    await bench.until(
      "its deletion is signed",
      async () => (await bench.catalog.files.get(taken.file))?.signed !== undefined,
    );
    const again = await takeOver();
    expect(await progress(again)).to.include({ state: "deleting" });
    await untilStored(again);
    await bench.noJobs();
    expect(log()).to.deep.equal(["declare", "join", "delete", "join"]);
    expect(bench.chain.finalFile(fid)?.owners).to.have.length(2);
  });

  it("never becomes a deal without bytes: a file that is gone is given up, and nothing is signed", async () => {
    await open();
    const taken = await takeOver();
    await bench.until("it is given up", async () => (await progress(taken))?.state === "failed");
    expect((await progress(taken))?.failure).to.equal("the network does not have the file any more");
    expect(log()).to.deep.equal([]);
    await bench.catalog.takeOvers.end(taken.id);
    expect(await bench.catalog.files.get(taken.file)).to.equal(undefined);
  });

  it("waits while the file is a deal of another owner", async () => {
    await open();
    await storeElsewhere(5);
    const taken = await takeOver();
    await bench.blocks(20);
    expect(await progress(taken)).to.include({ state: "encoded", attempts: 0 });
    for (let index = 5; index < 12; index++) bench.chain.report(`cXnode${index + 1}` as CessAccount, index, fid);
    await untilStored(taken);
    expect(bench.chain.overwrites).to.equal(0);
  });

  it("waits while another gateway of its owner stores it", async () => {
    await open();
    const order = { fid, owner: alice.cessAccount, territory: "home", fileName: "mine", size: 12, segments };
    bench.chain.declareAsStranger(order);
    await bench.until("the deal is there", () => bench.chain.pendingDeals().length === 1);
    const taken = await takeOver();
    await bench.blocks(20);
    expect(await progress(taken)).to.include({ state: "encoded", attempts: 0 });
    for (let index = 0; index < 12; index++) bench.chain.report(`cXnode${index + 1}` as CessAccount, index, fid);
    await untilStored(taken);
    expect(log()).to.deep.equal(["declare"]);
  });

  describe("whose last owner deletes it just before the declaration", () => {
    let taken: TakeOver;
    beforeEach(async () => {
      await open();
      await storeElsewhere();
      // What reaches the pool first is applied first.
      const declare = bench.chain.declare.bind(bench.chain);
      bench.chain.declare = (order, options) => {
        bench.chain.deleteElsewhere(bob.cessAccount, fid);
        return declare(order, options);
      };
      taken = await takeOver();
      await bench.until("it is given up", async () => (await progress(taken))?.state === "failed");
    });

    it("says that a deal is left that nobody can complete", async () => {
      expect((await progress(taken))?.failure).to.match(/^its last owner deleted the file .* a deal without bytes/);
      expect(bench.chain.pendingDeals()).to.have.length(1);
      expect(bench.nodes.accepted).to.have.length(0);
      expect(bench.errors).to.deep.equal([]);
    });

    it("is completed by an object with the same bytes, and the deal with it", async () => {
      await bench.catalog.takeOvers.end(taken.id);
      bench.wake("delete");
      await bench.blocks(20);
      await bench.put(alice, "the same", content);
      await bench.untilState(alice, "the same", "stored");
      expect(bench.chain.pendingDeals()).to.deep.equal([]);
      expect(bench.chain.overwrites).to.equal(0);
      expect(bench.chain.finalFile(fid)?.owners.map(({ account }) => account)).to.deep.equal([alice.cessAccount]);
    });
  });
});

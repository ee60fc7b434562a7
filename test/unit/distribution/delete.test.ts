import { expect } from "chai";
import { CHARGED_PER_SEGMENT } from "../../../src/model/sizes.js";
import { alice, alicesTwin, Bench, bob, type BenchSettings } from "../../support/distribution-bench.js";

const CHARGED = BigInt(CHARGED_PER_SEGMENT);

describe("Distribution: an object's way out of the network", () => {
  let bench: Bench;
  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
    await bench.start();
  };
  const verbs = () => bench.chain.log.map((line) => line.split(" ")[0]);
  afterEach(() => bench.close());

  it("deletes a file that no object needs any more, and gives its space back", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    const { fid } = (await bench.row(alice, "object"))!;
    await bench.remove(alice, "object");
    await bench.noJobs();
    expect(await bench.chain.file(fid, "finalized")).to.equal(undefined);
    expect(await bench.catalog.files.withFid(fid)).to.deep.equal([]);
    expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: 0n, locked: 0n });
  });

  it("remembers in which blocks a file was declared and deleted, and for whom", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    const { fid, id } = (await bench.row(alice, "object"))!;
    const { declared = 0 } = await bench.catalog.receipts.blocks(id);
    expect(declared)
      .to.be.greaterThan(0)
      .and.lessThan(await bench.chain.finalizedBlock());
    await bench.remove(alice, "object");
    await bench.noJobs();
    const [deletion, ...more] = await bench.catalog.receipts.deletions(fid);
    expect([deletion?.account, more]).to.deep.equal([alice.cessAccount, []]);
    expect(deletion?.block)
      .to.be.greaterThan(declared)
      .and.at.most(await bench.chain.finalizedBlock());
  });

  it("keeps a file that another object needs", async () => {
    await open();
    await bench.put(alice, "one", "equal");
    await bench.put(alice, "two", "equal");
    await bench.untilState(alice, "one", "stored");
    await bench.untilState(alice, "two", "stored");
    await bench.remove(alice, "one");
    await bench.noJobs();
    expect(verbs()).to.deep.equal(["declare"]);
    expect(await bench.state(alice, "two")).to.equal("stored");
  });

  it("keeps the chain's listing while another S3 account of the same CESS account needs it", async () => {
    await open();
    await bench.put(alice, "object", "equal");
    await bench.untilState(alice, "object", "stored");
    await bench.put(alicesTwin, "object", "equal");
    await bench.untilState(alicesTwin, "object", "stored");
    const { fid } = (await bench.row(alicesTwin, "object"))!;
    await bench.remove(alice, "object");
    await bench.noJobs();
    expect(verbs()).to.deep.equal(["declare"]);
    expect(await bench.catalog.receipts.deletions(fid), "nothing was deleted on the chain").to.deep.equal([]);
    await bench.remove(alicesTwin, "object");
    await bench.noJobs();
    expect(verbs()).to.deep.equal(["declare", "delete"]);
    expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: 0n });
  });

  it("brings an object that is deleted on its way to its end first: a deal cannot be cancelled", async () => {
    await open({ nodes: 12 });
    bench.nodes.faults.set("cXnode4", "silent");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "placed");
    await bench.remove(alice, "object");
    await bench.blocks(5);
    expect(verbs()).to.deep.equal(["declare"]);
    bench.nodes.faults.clear();
    await bench.noJobs();
    expect(verbs()).to.deep.equal(["declare", "delete"]);
    expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: 0n, locked: 0n });
    expect(await bench.sweep()).to.equal(0);
  });

  it("orders nothing for an object that is deleted before its order", async () => {
    bench = await Bench.open();
    bench.chain.set(({ authorizers }) => authorizers.delete(alice.cessAccount));
    await bench.start();
    await bench.put(alice, "object", "bytes");
    await bench.until("the order fails", () => bench.failures.length > 0);
    await bench.remove(alice, "object");
    await bench.noJobs();
    bench.chain.set(({ authorizers }) => authorizers.add(alice.cessAccount));
    await bench.blocks(10);
    expect(bench.chain.log).to.deep.equal([]);
    expect(await bench.sweep()).to.equal(0);
  });

  it("stores again what is put while its deletion is on the way", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    let begun = false;
    bench.chain.onSubmitted = () => (begun = true);
    await bench.remove(alice, "object");
    await bench.until("the deletion is signed", () => begun);
    await bench.put(alice, "again", "bytes");
    await bench.untilState(alice, "again", "stored");
    await bench.noJobs();
    const { fid } = (await bench.row(alice, "again"))!;
    expect((await bench.chain.file(fid, "finalized"))!.owners).to.have.length(1);
    expect(bench.chain.doubleListings).to.equal(0);
    expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: CHARGED, locked: 0n });
  });

  it("waits with a deletion that the chain's arithmetic refuses until the territory holds enough, spec 100", async () => {
    await open({ spec: 100 });
    await bench.put(bob, "first", "shared");
    await bench.untilState(bob, "first", "stored");
    await bench.put(alice, "second", "shared");
    await bench.untilState(alice, "second", "stored");
    await bench.remove(alice, "second");
    await bench.until("the refusal is told", () => bench.failures.length > 0);
    expect(bench.failures[0]).to.include(
      "it accepts the deletion once the territory holds other files (storageHandler.Overflow)",
    );
    await bench.put(alice, "other", "other bytes");
    await bench.noJobs();
    const { fid } = (await bench.row(bob, "first"))!;
    expect((await bench.chain.file(fid))!.owners.map(({ account }) => account)).to.deep.equal([bob.cessAccount]);
  });

  it("forgets a file that the chain does not list any more, without a call that would change nothing", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    bench.chain.set(({ files }) => files.clear());
    await bench.remove(alice, "object");
    await bench.noJobs();
    expect(verbs()).to.deep.equal(["declare"]);
  });
});

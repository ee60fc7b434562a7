import { expect } from "chai";
import type { CessAccount } from "../../../src/model/account.js";
import type { Fid } from "../../../src/model/hash.js";
import {
  alice,
  alicesTwin,
  Bench,
  bob,
  TERRITORY,
  tinyFile,
  type BenchSettings,
} from "../../support/distribution-bench.js";

describe("Orders on a chain that lets everything happen", () => {
  let bench: Bench;
  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
    await bench.start();
  };
  afterEach(async () => {
    await bench.close();
    expect(bench.errors).to.deep.equal([]);
  });

  /** A file on chain as if other gateways had stored it. */
  const place = (
    fid: Fid,
    segments: ReturnType<typeof tinyFile>["segments"],
    owners: readonly { account: typeof alice.cessAccount; territory: string }[],
  ) => {
    const node = "cXother" as CessAccount;
    bench.chain.set(({ files }) =>
      files.set(fid, {
        fid,
        size: 5,
        owners,
        segments: segments.map(({ hash, fragments }) => ({
          hash,
          fragments: fragments.map((fragment) => ({ hash: fragment, node })),
        })),
      }),
    );
  };

  it("does not order again because blocks come all at once", async () => {
    await open({ nodes: 11, distribution: { vanishedBlocks: 150 } });
    await bench.put(alice, "caught up", "bytes");
    await bench.untilState(alice, "caught up", "declared");
    const gone = bench.clock.now();
    bench.chain.set(({ deals }) => deals.clear());
    await bench.blocks(20);
    bench.chain.advance(400);
    await bench.until("it is declared a second time", () => bench.chain.log.length === 2);
    expect(bench.clock.now() - gone, "ms").to.be.least(150 * bench.blockMs);
  });

  it("lists an owner once whose two territories hold the same bytes", async () => {
    await open({ spec: 133 });
    bench.chain.addTerritory(alice.cessAccount, "attic", TERRITORY);
    bench.accounts.set(alicesTwin.id, { ...alicesTwin, territory: "attic" });
    await bench.put(alice, "one", "equal");
    await bench.untilState(alice, "one", "stored");
    await bench.put(alicesTwin, "two", "equal");
    await bench.untilState(alicesTwin, "two", "stored");
    expect(bench.chain.log).to.have.length(1);
    expect((await bench.chain.file(tinyFile("equal").fid))!.owners).to.have.length(1);
    expect(bench.chain).to.include({ doubleListings: 0, refusals: 0 });
  });

  it("counts a file as stored whose declaration is refused because its owner is listed already", async () => {
    await open();
    const { fid, segments } = tinyFile("bytes");
    place(fid, segments, [
      { account: bob.cessAccount, territory: "fixture" },
      { account: alice.cessAccount, territory: "home" },
    ]);
    // The endpoint does not show the file until the order has been refused.
    bench.chain.unseen.add(fid);
    bench.chain.onSubmitted = () => bench.chain.unseen.delete(fid);
    await bench.put(alice, "listed", "bytes");
    await bench.untilState(alice, "listed", "stored");
    expect(bench.chain).to.include({ refusals: 1, doubleListings: 0, overwrites: 0 });
    expect((await bench.chain.file(fid))!.owners).to.have.length(2);
  });
});

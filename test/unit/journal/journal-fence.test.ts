import { expect } from "chai";
import { JournalFence } from "../../../src/journal/journal-fence.js";
import type { Account, CessAccount } from "../../../src/model/account.js";
import type { Fid } from "../../../src/model/hash.js";
import { ChainUnavailable, type ChainFile } from "../../../src/network/chain/chain.js";

const OWNER: Account = { id: "anna", displayName: "anna", cessAccount: "cAnna" as CessAccount, territory: "land" };
const LOOK_MS = 60_000;

describe("The fence of a journal", () => {
  let now: number;
  let own: { stream: string; number: number };
  /** By FID, the number of the journal that its name tells; undefined: it is another file. */
  let chain: Map<Fid, number | undefined>;
  let connected: boolean;
  let fails: boolean;
  let lookedUp: Fid[];
  let superseded: number[];
  let ours: number;
  beforeEach(() => {
    now = 0;
    own = { stream: "0000beef", number: 3 };
    chain = new Map([["a" as Fid, undefined]]);
    connected = true;
    fails = false;
    lookedUp = [];
    superseded = [];
    ours = 0;
  });

  const fence = () =>
    new JournalFence(
      {
        catalog: {
          journal: {
            state: () => Promise.resolve({ ...own, snapshotDue: false }),
            unknown: (fids: readonly Fid[]) => Promise.resolve([...fids]),
          } as never,
        },
        chain: {
          get connected() {
            return connected;
          },
          ownedFiles: () => (fails ? Promise.reject(new ChainUnavailable("away")) : Promise.resolve([...chain.keys()])),
          file: (fid: Fid) => {
            lookedUp.push(fid);
            const owners = [{ account: OWNER.cessAccount, territory: "land", fileName: fid }];
            return Promise.resolve({ fid, size: 1, owners, segments: [] } as ChainFile);
          },
        },
        names: {
          open: (name) => {
            const number = chain.get(name as Fid);
            return number === undefined ? undefined : { kind: "journal", number, stream: "0000beef" };
          },
        },
        account: () => OWNER,
        clock: {
          now: () => now,
          sleep: (ms) => {
            now += ms;
            return Promise.resolve();
          },
        },
        log: { warn: () => undefined },
        onSuperseded: (journal) => void superseded.push(journal),
        onOurs: () => {
          ours++;
        },
      },
      { lookMs: LOOK_MS },
    );

  it("lets a gateway begin whose journals nobody else goes on with", async () => {
    chain.set("b" as Fid, 3);
    const by = fence();
    expect(by.isFresh).to.equal(false);
    expect(await by.begin(10_000)).to.equal("ours");
    expect([by.isFresh, ours, superseded]).to.deep.equal([true, 1, []]);
  });

  it("does not let one begin whose journals another one goes on with", async () => {
    chain.set("b" as Fid, 104);
    const by = fence();
    expect(await by.begin(10_000)).to.equal("superseded");
    expect(await by.look()).to.equal(false);
    await by.step();
    expect([by.isFresh, superseded]).to.deep.equal([false, []]);
  });

  it("tells once of another one", async () => {
    const by = fence();
    chain.set("b" as Fid, 104);
    expect([await by.look(), await by.look()]).to.deep.equal([false, false]);
    expect(superseded).to.deep.equal([104]);
  });

  it("waits for the chain at the start, and no longer than it is told", async () => {
    connected = false;
    const by = fence();
    expect(await by.begin(10_000)).to.equal("unknown");
    expect([now, by.isFresh, ours]).to.deep.equal([10_000, false, 0]);
    connected = true;
    fails = true;
    expect(await by.begin(10_000)).to.equal("unknown");
    fails = false;
    await by.step();
    expect([by.isFresh, ours], "as soon as it answers").to.deep.equal([true, 1]);
  });

  it("asks no chain for a catalog that never had a journal", async () => {
    own = { stream: "0000beef", number: 0 };
    connected = false;
    expect(await fence().begin(0)).to.equal("ours");
  });

  it("looks every so often, and finds one that comes later", async () => {
    const by = fence();
    await by.begin(0);
    chain.set("b" as Fid, 104);
    expect(await by.step()).to.deep.equal({ kind: "idle", until: LOOK_MS });
    expect(superseded).to.deep.equal([]);
    now = LOOK_MS;
    await by.step();
    expect(superseded).to.deep.equal([104]);
  });

  it("says that its look is old when the chain does not answer, and tells when it is new again", async () => {
    const by = fence();
    await by.begin(0);
    fails = true;
    now = 1.2 * LOOK_MS;
    await by.step();
    expect(by.isFresh, "a late look holds nothing").to.equal(true);
    now = 2 * LOOK_MS;
    await by.step();
    expect([by.isFresh, ours]).to.deep.equal([false, 1]);
    fails = false;
    await by.step();
    expect([by.isFresh, ours]).to.deep.equal([true, 2]);
  });

  it("looks at each file of the account once", async () => {
    const by = fence();
    await by.look();
    chain.set("b" as Fid, undefined);
    await by.look();
    await by.look();
    expect(lookedUp).to.deep.equal(["a", "b"]);
  });

  it("takes a small part of the time where the account has so many files that a look is slow", async () => {
    const by = fence();
    const { size } = chain;
    chain.keys = function* (this: Map<Fid, unknown>) {
      now += 10_000;
      yield* Map.prototype.keys.call(this) as IterableIterator<Fid>;
    } as never;
    expect(size).to.equal(1);
    await by.look();
    expect(await by.step()).to.deep.equal({ kind: "idle", until: 510_000 });
    expect(by.isFresh).to.equal(true);
  });
});

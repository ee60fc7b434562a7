import { expect } from "chai";
import { CHARGED_PER_SEGMENT } from "../../../src/model/sizes.js";
import { alice, Bench, bob } from "../../support/distribution-bench.js";
import { Killer } from "../../support/killer.js";

/** Runs of the process that are tried side by side. */
const PARALLEL = 12;
const CHARGED = BigInt(CHARGED_PER_SEGMENT);

interface Crash {
  readonly at: number;
  readonly mode: "before" | "after";
}

/** Every call to the outside, with both ways to die there. `calls` is what an undisturbed run makes. */
function crashes(calls: number): Crash[] {
  return Array.from({ length: calls }, (_, n) => n + 1).flatMap((at) => [{ at, mode: "before" }, { at, mode: "after" }] as Crash[]);
}

async function inParallel(all: readonly Crash[], run: (crash: Crash) => Promise<void>): Promise<void> {
  const left = [...all];
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (let crash = left.shift(); crash; crash = left.shift()) {
      const { at, mode } = crash;
      await run(crash).catch((error: unknown) => {
        throw new Error(`died ${mode} call ${at}: ${String(error)}`, { cause: error });
      });
    }
  }));
}

/** The process dies as told, or ends what it was to do; then a new one begins on the same catalog and chain. */
async function dieAndRestart(bench: Bench, killer: Killer, ended: () => Promise<boolean>): Promise<void> {
  await bench.until("the process died or finished", async () => killer.dead || (await ended()));
  killer.kill();
  await bench.stop();
  await bench.start();
}

async function storedOnce(bench: Bench): Promise<void> {
  await bench.untilState(alice, "object", "stored");
  await bench.noJobs();
  const row = (await bench.row(alice, "object"))!;
  expect((await bench.chain.file(row.fid, "finalized"))!.owners.filter(({ account }) => account === alice.cessAccount)).to.have.length(1);
  expect(bench.chain).to.include({ overwrites: 0, doubleListings: 0, refusals: 0 });
  expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: CHARGED, locked: 0n });
  expect(row.blobs).to.deep.equal([]);
  expect(await bench.sweep()).to.equal(0);
}

describe("Distribution: a process that dies", () => {
  const stored = (bench: Bench) => async () => (await bench.state(alice, "object")) === "stored";

  it("stores an object exactly once, wherever it dies on the way", async function () {
    this.timeout(120_000);
    const undisturbed = new Killer(Infinity, "before");
    const first = await Bench.open();
    await first.put(alice, "object", "bytes");
    await first.start(undisturbed);
    await storedOnce(first);
    await first.close();
    expect(undisturbed.calls).to.be.above(50);

    await inParallel(crashes(undisturbed.calls), async ({ at, mode }) => {
      const bench = await Bench.open();
      try {
        const killer = new Killer(at, mode);
        await bench.put(alice, "object", "bytes");
        await bench.start(killer);
        await dieAndRestart(bench, killer, stored(bench));
        await storedOnce(bench);
        expect(bench.chain.log).to.have.length(1);
      } finally {
        await bench.close();
      }
    });
  });

  it("orders once although it dies the moment its order has reached the pool, for two owners at once", async () => {
    const bench = await Bench.open();
    try {
      const killer = new Killer(Infinity, "before");
      bench.chain.onSubmitted = () => killer.kill();
      await bench.put(alice, "object", "bytes");
      await bench.put(bob, "object", "bytes");
      await bench.start(killer);
      await killer.death();
      await bench.stop();
      bench.chain.onSubmitted = undefined;
      await bench.start();
      await storedOnce(bench);
      await bench.untilState(bob, "object", "stored");
      expect(bench.chain.log.map((line) => line.split(" ")[0])).to.deep.equal(["declare", "join"]);
    } finally {
      await bench.close();
    }
  });

  it("deletes a file exactly once, wherever it dies on the way", async function () {
    this.timeout(120_000);
    const gone = (bench: Bench) => async () => {
      const { encode, store, delete: deletions } = await bench.catalog.jobs.count();
      return encode + store + deletions === 0;
    };
    const prepare = async (bench: Bench) => {
      await bench.start();
      await bench.put(alice, "object", "bytes");
      await bench.put(bob, "object", "bytes");
      await bench.untilState(alice, "object", "stored");
      await bench.untilState(bob, "object", "stored");
      await bench.stop();
      await bench.remove(alice, "object");
    };
    const deletedOnce = async (bench: Bench) => {
      await bench.noJobs();
      const row = (await bench.row(bob, "object"))!;
      expect((await bench.chain.file(row.fid, "finalized"))!.owners.map(({ account }) => account)).to.deep.equal([bob.cessAccount]);
      expect(await bench.catalog.files.withFid(row.fid)).to.have.length(1);
      expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: 0n, locked: 0n });
      expect(bench.chain.log.filter((line) => line.startsWith("delete"))).to.have.length(1);
      expect(await bench.sweep()).to.equal(0);
    };
    const undisturbed = new Killer(Infinity, "before");
    const first = await Bench.open();
    await prepare(first);
    await first.start(undisturbed);
    await deletedOnce(first);
    await first.close();
    expect(undisturbed.calls).to.be.above(8);

    await inParallel(crashes(undisturbed.calls), async ({ at, mode }) => {
      const bench = await Bench.open();
      try {
        await prepare(bench);
        const killer = new Killer(at, mode);
        await bench.start(killer);
        await dieAndRestart(bench, killer, gone(bench));
        await deletedOnce(bench);
      } finally {
        await bench.close();
      }
    });
  });
});

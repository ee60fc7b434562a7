import { expect } from "chai";
import type { Fid } from "../../../src/model/hash.js";
import { CHARGED_PER_SEGMENT } from "../../../src/model/sizes.js";
import { alice, Bench, bob } from "../../support/distribution-bench.js";
import { Killer } from "../../support/killer.js";

/** Networks side by side; each sees many processes die, one after the other. */
const LANES = 10;
const CHARGED = BigInt(CHARGED_PER_SEGMENT);

/**
 * Lets a process die before each of its calls to the outside, which is also after the one before it; `attempt` gets
 * the number of the call. One undisturbed run first: it says how many calls there are.
 */
async function everyDeath(
  undisturbed: (bench: Bench) => Promise<number>,
  attempt: (bench: Bench, call: number) => Promise<void>,
  atTheEnd: (bench: Bench, attempts: number) => Promise<void>,
): Promise<void> {
  let next = 1;
  let counted: Promise<number> | undefined;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      const bench = await Bench.open();
      try {
        let attempts = 0;
        if (!counted) {
          counted = undisturbed(bench);
          attempts++;
        }
        const calls = await counted;
        for (let call = next++; call <= calls + 1; call = next++) {
          await attempt(bench, call).catch((error: unknown) => {
            throw new Error(`died before call ${call} of ${calls}: ${String(error)}`, { cause: error });
          });
          attempts++;
        }
        await atTheEnd(bench, attempts);
      } finally {
        await bench.close();
      }
    }),
  );
}

async function isIdle(bench: Bench): Promise<boolean> {
  const { encode, store, delete: deletions } = await bench.catalog.jobs.count();
  return encode + store + deletions === 0;
}

/** Runs a process until it dies as told (or has nothing left to do), and another one until nothing is left to do. */
async function dieAndRestart(bench: Bench, killer: Killer): Promise<void> {
  await bench.start(killer);
  await bench.until("the process died or finished", async () => killer.dead || (await isIdle(bench)));
  killer.kill();
  await bench.stop();
  await bench.start();
  await bench.noJobs();
  await bench.stop();
}

const entries = (bench: Bench, fid: Fid) =>
  bench.chain.log.filter((line) => line.endsWith(fid.slice(0, 8))).map((line) => line.split(" ", 2).join(" "));
const owners = async (bench: Bench, fid: Fid) =>
  ((await bench.chain.file(fid, "finalized"))?.owners ?? []).map(({ account }) => account);

describe("Distribution: a process that dies", () => {
  const expectStored = async (bench: Bench, key: string) => {
    expect(await bench.state(alice, key)).to.equal("stored");
    const row = (await bench.row(alice, key))!;
    expect(await owners(bench, row.fid)).to.deep.equal([alice.cessAccount]);
    expect(entries(bench, row.fid)).to.deep.equal([`declare ${alice.cessAccount}`]);
    expect(row.blobs).to.deep.equal([]);
  };

  it("stores an object exactly once, wherever it dies on the way", async () => {
    await everyDeath(
      async (bench) => {
        const killer = new Killer(Infinity);
        await bench.put(alice, "undisturbed", "undisturbed bytes");
        await bench.start(killer);
        await bench.noJobs();
        await bench.stop();
        await expectStored(bench, "undisturbed");
        expect(killer.calls).to.be.above(50);
        return killer.calls;
      },
      async (bench, call) => {
        await bench.put(alice, `object ${call}`, `bytes ${call}`);
        await dieAndRestart(bench, new Killer(call));
        await expectStored(bench, `object ${call}`);
      },
      async (bench, attempts) => {
        expect(bench.chain).to.include({ overwrites: 0, doubleListings: 0, refusals: 0 });
        expect(bench.chain.space(alice.cessAccount, "home")).to.include({
          used: BigInt(attempts) * CHARGED,
          locked: 0n,
        });
        expect(await bench.sweep()).to.equal(0);
      },
    );
  });

  it("orders once although it dies the moment its order has reached the pool, for two owners at once", async () => {
    const bench = await Bench.open();
    try {
      const killer = new Killer(Infinity);
      bench.chain.onSubmitted = () => killer.kill();
      await bench.put(alice, "object", "bytes");
      await bench.put(bob, "object", "bytes");
      await bench.start(killer);
      await bench.until("the process died", () => killer.dead);
      await bench.stop();
      bench.chain.onSubmitted = undefined;
      await bench.start();
      await bench.untilState(alice, "object", "stored");
      await bench.untilState(bob, "object", "stored");
      expect(bench.chain.log.map((line) => line.split(" ")[0])).to.deep.equal(["declare", "join"]);
      expect(bench.chain).to.include({ overwrites: 0, doubleListings: 0, refusals: 0 });
    } finally {
      await bench.close();
    }
  });

  it("deletes one owner's file exactly once, wherever it dies on the way", async () => {
    const prepare = async (bench: Bench, key: string): Promise<Fid> => {
      await bench.start();
      await bench.put(alice, key, `bytes of ${key}`);
      await bench.put(bob, key, `bytes of ${key}`);
      await bench.noJobs();
      await bench.stop();
      const { fid } = (await bench.row(alice, key))!;
      await bench.remove(alice, key);
      return fid;
    };
    const expectDeleted = async (bench: Bench, fid: Fid) => {
      expect(await owners(bench, fid)).to.deep.equal([bob.cessAccount]);
      expect((await bench.catalog.files.withFid(fid)).map(({ owner, state }) => ({ owner, state }))).to.deep.equal([
        { owner: bob.id, state: "stored" },
      ]);
      expect(entries(bench, fid).filter((line) => line.startsWith("delete"))).to.deep.equal([
        `delete ${alice.cessAccount}`,
      ]);
    };
    await everyDeath(
      async (bench) => {
        const fid = await prepare(bench, "undisturbed");
        const killer = new Killer(Infinity);
        await bench.start(killer);
        await bench.noJobs();
        await bench.stop();
        await expectDeleted(bench, fid);
        expect(killer.calls).to.be.above(8);
        return killer.calls;
      },
      async (bench, call) => {
        const fid = await prepare(bench, `object ${call}`);
        await dieAndRestart(bench, new Killer(call));
        await expectDeleted(bench, fid);
      },
      async (bench) => {
        expect(bench.chain).to.include({ overwrites: 0, doubleListings: 0, refusals: 0 });
        expect(bench.chain.space(alice.cessAccount, "home")).to.include({ used: 0n, locked: 0n });
        expect(await bench.sweep()).to.equal(0);
      },
    );
  });
});

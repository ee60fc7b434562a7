import { expect } from "chai";
import { DealWatcher } from "../../../src/distribution/deal-watcher.js";
import type { Fid } from "../../../src/model/hash.js";
import type { ChainEvent } from "../../../src/network/chain/chain.js";
import { settle } from "../../support/manual-clock.js";

const fid = (n: number) => String(n).padStart(64, "0") as Fid;

describe("DealWatcher", () => {
  let hear: (event: ChainEvent) => void;
  let woken: string[];
  let workers: string[];
  let fail: boolean;
  let watching: boolean;
  let watcher: DealWatcher;
  beforeEach(() => {
    woken = [];
    workers = [];
    fail = false;
    watching = true;
    const take = (what: string): Promise<number> => {
      if (fail) return Promise.reject(new Error("the catalog is busy"));
      woken.push(what);
      return Promise.resolve(what === fid(9) ? 0 : 1);
    };
    watcher = new DealWatcher({
      catalog: { jobs: { wakeFid: take, wakeAll: take } as never },
      chain: {
        watch: (listener) => {
          hear = listener;
          return () => (watching = false);
        },
      },
      log: { warn: () => undefined, error: () => undefined } as never,
      wake: (worker) => workers.push(worker),
    });
  });
  const reported = (n: number): ChainEvent => ({ kind: "reported", fid: fid(n), block: 1 });

  it("makes a file's jobs due, once for all its events of a block, and wakes the workers", async () => {
    for (let n = 0; n < 12; n++) hear(reported(1));
    hear(reported(2));
    await settle();
    expect(woken).to.deep.equal([fid(1), fid(2)]);
    expect(new Set(workers)).to.deep.equal(new Set(["store", "delete"]));
  });

  it("wakes no worker for files that are not ours", async () => {
    hear(reported(9));
    await settle();
    expect(workers).to.deep.equal([]);
  });

  it("makes everything due after a gap, and when events come faster than they can be kept", async () => {
    hear({ kind: "gap" });
    await settle();
    expect(woken.splice(0)).to.deep.equal(["store", "delete"]);
    for (let n = 0; n <= 1_000; n++) hear(reported(n));
    await settle();
    expect(woken).to.deep.equal(["store", "delete"]);
  });

  it("goes on after the catalog failed", async () => {
    fail = true;
    hear(reported(1));
    await settle();
    fail = false;
    hear(reported(2));
    await settle();
    expect(woken).to.deep.equal([fid(2)]);
  });

  it("ends listening, and saves what it has heard before", async () => {
    hear(reported(1));
    await watcher.close();
    expect(watching).to.equal(false);
    expect(woken).to.deep.equal([fid(1)]);
  });
});

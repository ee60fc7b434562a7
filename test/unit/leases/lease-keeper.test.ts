import { expect } from "chai";
import { LeaseKeeper } from "../../../src/leases/lease-keeper.js";
import type { Lease } from "../../../src/leases/lease.js";
import type { CessAccount } from "../../../src/model/account.js";
import { ChainUnavailable } from "../../../src/network/chain/chain.js";
import { ManualClock } from "../../support/manual-clock.js";

const DAY_MS = 86_400_000;

describe("The keeper of leases", () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const lease = (days: number, change: Partial<Lease> = {}): Lease => ({
    owner: "a",
    account: "alice",
    cessAccount: "cX" as CessAccount,
    name: "photos",
    total: 1n,
    used: 0n,
    locked: 0n,
    remaining: 1n,
    state: "active",
    deadline: 100,
    endsAt: clock.now() + days * DAY_MS,
    ...change,
  });
  function keeper(leases: readonly Lease[], settle: () => Promise<void> = () => Promise.resolve()) {
    const looked: string[] = [];
    const look = (at: string) => (of: Lease) => Promise.resolve(void looked.push(`${at} ${of.name}`));
    const problems: string[] = [];
    const buyer = { settle, look: look("buyer"), problems: () => problems };
    return {
      looked,
      problems,
      worker: new LeaseKeeper({ leases: () => leases, notices: { look: look("notices") }, buyer, clock }),
    };
  }

  it("looks at each territory once, however many accounts pay with it", async () => {
    const { worker, looked } = keeper([lease(1), lease(1, { account: "bob" }), lease(1, { name: "music" })]);
    const progress = await worker.step(signal);
    expect(looked).to.deep.equal(["notices photos", "notices music", "buyer photos", "buyer music"]);
    expect(progress).to.deep.equal({ kind: "idle", until: clock.now() + 60_000 });
  });

  it("tells notices also while the chain is away, and tries the rest again", async () => {
    const { worker, looked } = keeper([lease(1)], () => Promise.reject(new ChainUnavailable("away")));
    expect((await worker.step(signal)).kind).to.equal("idle");
    expect(looked).to.deep.equal(["notices photos"]);
  });

  it("warns of what ends within 30 days, has ended, or cannot be bought", () => {
    expect(keeper([lease(31)]).worker.warning()).to.equal(undefined);
    expect(keeper([lease(6.5)]).worker.warning()).to.contain("photos of alice ends in 6 days");
    expect(keeper([lease(-1, { state: "frozen" })]).worker.warning())
      .to.contain("frozen")
      .and.contain("territory renew");
    expect(keeper([lease(-9, { state: "expired" })]).worker.warning()).to.contain("territory reactivate");
    const { worker, problems } = keeper([lease(60)]);
    problems.push("the budget is used up");
    expect(worker.warning()).to.equal("the budget is used up");
  });

  it("names a few territories and counts the others", () => {
    const many = Array.from({ length: 8 }, (_, at) => lease(2, { name: `t${at}` }));
    expect(keeper(many).worker.warning()).to.contain("t4").and.contain("3 more").and.not.contain("t5");
  });
});

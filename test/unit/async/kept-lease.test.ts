import { expect } from "chai";
import { whileLeased, type KeptLease } from "../../../src/async/kept-lease.js";
import { LeaseLost } from "../../../src/model/lease-lost.js";
import { ManualClock, settle } from "../../support/manual-clock.js";

const LEASE_MS = 30_000;

describe("Work under a lease", () => {
  let clock: ManualClock;
  let extensions: number;
  let answer: () => Promise<void>;
  let troubles: unknown[];
  let lease: KeptLease;
  beforeEach(() => {
    clock = new ManualClock();
    extensions = 0;
    answer = () => Promise.resolve();
    troubles = [];
    lease = {
      clock,
      leaseMs: LEASE_MS,
      extend: () => {
        extensions++;
        return answer();
      },
      onTrouble: (error) => troubles.push(error),
    };
  });

  it("extends the lease at each third of it for as long as the work takes", async () => {
    let end = (): void => undefined;
    const working = whileLeased(
      lease,
      new AbortController().signal,
      () => new Promise<void>((resolve) => (end = resolve)),
    );
    for (let third = 0; third < 4; third++) await clock.advance(LEASE_MS / 3);
    expect(extensions).to.equal(4);
    end();
    await working;
    await clock.advance(LEASE_MS);
    expect(extensions).to.equal(4);
    expect(clock.sleeping).to.equal(0);
  });

  it("ends the work with LeaseLost when the lease is lost, whatever the work makes of it", async () => {
    answer = () => Promise.reject(new LeaseLost("job 1", false));
    const working = whileLeased(
      lease,
      new AbortController().signal,
      (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("a node failed")))),
    ).catch((error: unknown) => error);
    await clock.advance(LEASE_MS / 3);
    expect(await working).to.be.instanceOf(LeaseLost);
  });

  it("goes on when the lease cannot be extended for another reason, and tries again", async () => {
    answer = () => Promise.reject(new Error("the catalog is busy"));
    let end = (): void => undefined;
    const working = whileLeased(
      lease,
      new AbortController().signal,
      () => new Promise<void>((resolve) => (end = resolve)),
    );
    await clock.advance(LEASE_MS / 3);
    answer = () => Promise.resolve();
    await clock.advance(LEASE_MS / 3);
    expect(troubles).to.have.length(1);
    expect(extensions).to.equal(2);
    end();
    await working;
  });

  it("passes the signal of its caller on", async () => {
    const stop = new AbortController();
    const working = whileLeased(
      lease,
      stop.signal,
      (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
    ).catch((error: unknown) => error);
    stop.abort(new Error("shutting down"));
    await settle();
    expect(((await working) as Error).message).to.equal("shutting down");
  });
});

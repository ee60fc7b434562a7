import { expect } from "chai";
import { Singleton } from "../../../src/background/singleton.js";
import type { Progress, Worker } from "../../../src/background/worker.js";
import { LeaseLost } from "../../../src/model/lease-lost.js";
import { ManualClock, settle } from "../../support/manual-clock.js";

const LEASE_MS = 30_000;

interface Lock {
  readonly name: string;
  readonly token: number;
}

/** Leases of one name, as the catalog has them. */
class OneName {
  private row: { token: number; until: number } | undefined;
  private tokens = 0;

  constructor(private readonly clock: ManualClock) {}

  acquire(name: string, leaseMs: number): Promise<Lock | undefined> {
    if (this.row && this.row.until > this.clock.now()) return Promise.resolve(undefined);
    this.row = { token: ++this.tokens, until: this.clock.now() + leaseMs };
    return Promise.resolve({ name, token: this.tokens });
  }

  async extend({ name, token }: Lock, leaseMs: number): Promise<void> {
    await Promise.resolve();
    if (this.row?.token !== token) throw new LeaseLost(name, false);
    this.row.until = this.clock.now() + leaseMs;
  }

  release({ token }: Lock): Promise<void> {
    if (this.row?.token === token) this.row = undefined;
    return Promise.resolve();
  }

  /** Another gateway took it: this one stood still for too long. */
  steal(): void {
    this.row = { token: ++this.tokens, until: this.clock.now() + LEASE_MS };
  }
}

class CountingWorker implements Worker {
  readonly name = "counting";
  steps = 0;
  signal: AbortSignal | undefined;
  work: () => Promise<void> = () => Promise.resolve();

  async step(signal: AbortSignal): Promise<Progress> {
    this.steps++;
    this.signal = signal;
    await this.work();
    return { kind: "idle" };
  }
}

describe("A worker of which one runs over all gateways", () => {
  let clock: ManualClock;
  let locks: OneName;
  let stop: AbortController;
  const gateway = () => {
    const inner = new CountingWorker();
    const log = { warn: () => undefined };
    const singleton = new Singleton<Lock>("worker:counting", { locks, clock, log }, { leaseMs: LEASE_MS });
    return { inner, singleton, worker: singleton.run(inner) };
  };
  beforeEach(() => {
    clock = new ManualClock();
    locks = new OneName(clock);
    stop = new AbortController();
  });
  afterEach(() => stop.abort(new Error("the test is over")));

  it("runs at the gateway that has the lock, which keeps it between steps", async () => {
    const one = gateway();
    const two = gateway();
    await one.worker.step(stop.signal);
    for (let third = 0; third < 10; third++) {
      await clock.advance(LEASE_MS / 3);
      const progress = await two.worker.step(stop.signal);
      expect(progress).to.deep.equal({ kind: "idle", until: clock.now() + LEASE_MS / 3 });
    }
    await one.worker.step(stop.signal);
    expect([one.inner.steps, two.inner.steps]).to.deep.equal([2, 0]);
    expect([one.singleton.isHeld, two.singleton.isHeld]).to.deep.equal([true, false]);
    expect(one.singleton.held().token).to.equal(1);
    expect(() => two.singleton.held()).to.throw(LeaseLost);
  });

  it("goes on at another gateway as soon as the first one has ended", async () => {
    const one = gateway();
    const two = gateway();
    const ending = new AbortController();
    await one.worker.step(ending.signal);
    ending.abort(new Error("shutting down"));
    await settle();
    await two.worker.step(stop.signal);
    expect(two.inner.steps).to.equal(1);
  });

  it("goes on at another gateway when the lease of one that is dead is over", async () => {
    locks.steal();
    const two = gateway();
    await two.worker.step(stop.signal);
    await clock.advance(LEASE_MS);
    await two.worker.step(stop.signal);
    expect(two.inner.steps).to.equal(1);
  });

  it("ends a step when the lock is lost, writes by it no more, and steps again when the lock is free", async () => {
    const one = gateway();
    let fail: (error: Error) => void = () => undefined;
    one.inner.work = () => new Promise((_resolve, reject) => (fail = reject));
    const step = one.worker.step(stop.signal);
    await settle();
    locks.steal();
    await clock.advance(LEASE_MS / 3);
    expect(one.inner.signal?.reason).to.be.instanceOf(LeaseLost);
    expect(() => one.singleton.held()).to.throw(LeaseLost);
    fail(one.inner.signal?.reason as Error);
    expect((await step).kind).to.equal("idle");
    one.inner.work = () => Promise.resolve();
    await clock.advance(LEASE_MS);
    await one.worker.step(stop.signal);
    expect(one.singleton.held().token).to.equal(3);
  });

  it("fails as the worker does, for the supervisor to see", async () => {
    const one = gateway();
    one.inner.work = () => Promise.reject(new Error("no disk"));
    const error = await one.worker.step(stop.signal).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.equal("no disk");
    expect(one.singleton.isHeld).to.equal(true);
  });
});

import { expect } from "chai";
import pino from "pino";
import { Supervisor } from "../../../src/background/supervisor.js";
import type { Progress, Worker } from "../../../src/background/worker.js";
import { ManualClock, settle } from "../../support/manual-clock.js";

const log = pino({ level: "silent" });

/** A worker whose steps the test ends one by one. */
class ScriptedWorker implements Worker {
  readonly name = "scripted";
  readonly running: {
    readonly signal: AbortSignal;
    readonly end: (progress: Progress) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  begun = 0;

  step(signal: AbortSignal): Promise<Progress> {
    this.begun++;
    return new Promise((resolve, reject) => {
      const entry = {
        signal,
        end: (progress: Progress) => this.leave(entry, () => resolve(progress)),
        fail: (error: Error) => this.leave(entry, () => reject(error)),
      };
      this.running.push(entry);
    });
  }

  private leave(entry: (typeof this.running)[number], how: () => void): void {
    this.running.splice(this.running.indexOf(entry), 1);
    how();
  }
}

describe("Supervisor", () => {
  let clock: ManualClock;
  let supervisor: Supervisor;
  let worker: ScriptedWorker;
  beforeEach(() => {
    clock = new ManualClock();
    supervisor = new Supervisor({ clock, log });
    worker = new ScriptedWorker();
  });
  afterEach(async () => {
    const drained = supervisor.drain(0, 0);
    await clock.advance(1);
    for (const step of [...worker.running]) step.end({ kind: "idle" });
    await clock.advance(1);
    await drained;
  });

  it("runs as many steps of a worker at once as it was told, and never more", async () => {
    supervisor.add(worker, 3);
    await settle();
    expect(worker.running).to.have.length(3);
    worker.running[0]!.end({ kind: "busy" });
    await settle();
    expect(worker.running).to.have.length(3);
    expect(worker.begun).to.equal(4);
  });

  it("lets an idle worker wait until its time, and not longer", async () => {
    supervisor.add(worker);
    worker.running[0]!.end({ kind: "idle", until: clock.now() + 500 });
    await settle();
    await clock.advance(499);
    expect(worker.begun).to.equal(1);
    await clock.advance(1);
    expect(worker.begun).to.equal(2);
  });

  it("steps an idle worker at once when it is woken", async () => {
    supervisor.add(worker);
    worker.running[0]!.end({ kind: "idle" });
    await settle();
    expect(worker.begun).to.equal(1);
    supervisor.wake("scripted");
    await settle();
    expect(worker.begun).to.equal(2);
  });

  it("does not lose a wake that comes while the worker steps", async () => {
    supervisor.add(worker);
    supervisor.wake("scripted");
    worker.running[0]!.end({ kind: "idle" });
    await settle();
    expect(worker.begun).to.equal(2);
  });

  it("wakes nobody when the name is unknown", () => {
    expect(() => supervisor.wake("nobody")).not.to.throw();
  });

  it("retries a failed step after 1 s, doubling to 60 s, although wakes come, and starts anew after a success", async () => {
    supervisor.add(worker);
    const delays: number[] = [];
    for (let failure = 0; failure < 8; failure++) {
      worker.running[0]!.fail(new Error(`failure ${failure}`));
      await settle();
      supervisor.wake("scripted");
      await settle();
      let waited = 0;
      while (worker.running.length === 0) {
        await clock.advance(1_000);
        waited += 1_000;
      }
      delays.push(waited);
    }
    expect(delays).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(supervisor.status()[0]).to.include({ failures: 8, lastFailure: "failure 7" });
    worker.running[0]!.end({ kind: "busy" });
    await settle();
    worker.running[0]!.fail(new Error("again"));
    await settle();
    await clock.advance(1_000);
    expect(worker.running).to.have.length(1);
  });

  it("lists what every worker does, for metrics", async () => {
    supervisor.add(worker, 2);
    worker.running[0]!.end({ kind: "busy" });
    await settle();
    expect(supervisor.status()).to.deep.equal([
      { name: "scripted", concurrency: 2, running: 2, steps: 1, failures: 0 },
    ]);
  });

  it("refuses a second worker of the same name, and a number of loops that is none", () => {
    supervisor.add(worker);
    expect(() => supervisor.add(worker)).to.throw("already");
    const other: Worker = { name: "other", step: () => Promise.resolve({ kind: "idle" }) };
    expect(() => supervisor.add(other, 0)).to.throw(RangeError);
  });

  it("drains: begins nothing more, lets steps finish in time, and says so", async () => {
    supervisor.add(worker);
    const drained = supervisor.drain(5_000, 1_000);
    await settle();
    expect(worker.running[0]!.signal.aborted).to.equal(false);
    worker.running[0]!.end({ kind: "busy" });
    expect(await drained).to.deep.equal([]);
    expect(worker.begun).to.equal(1);
    expect(() => supervisor.add(worker)).to.throw("draining");
  });

  it("drains sleeping and backing-off workers at once", async () => {
    supervisor.add(worker, 2);
    worker.running[0]!.end({ kind: "idle" });
    worker.running[0]!.fail(new Error("broken"));
    await settle();
    expect(await supervisor.drain(5_000, 1_000)).to.deep.equal([]);
    expect(clock.sleeping).to.equal(0);
  });

  it("aborts steps that do not finish before the deadline, and names the workers that do not obey", async () => {
    supervisor.add(worker, 2);
    const [obedient, stubborn] = [...worker.running];
    obedient!.signal.addEventListener("abort", () => obedient!.fail(new Error("aborted")));
    const drained = supervisor.drain(5_000, 1_000);
    await settle();
    await clock.advance(4_999);
    expect(obedient!.signal.aborted).to.equal(false);
    await clock.advance(1);
    expect(stubborn!.signal.aborted).to.equal(true);
    await clock.advance(1_000);
    expect(await drained).to.deep.equal(["scripted"]);
    expect(supervisor.status()[0]).to.include({ running: 1, failures: 0 });
  });
});

import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Supervisor } from "../../../src/background/supervisor.js";
import type { Catalog, Job } from "../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import type { DistributionContext } from "../../../src/distribution/components.js";
import { Counters } from "../../../src/distribution/counters.js";
import { FidLocks } from "../../../src/distribution/fid-locks.js";
import { JobWorker } from "../../../src/distribution/job-worker.js";
import { AGAIN, type Outcome } from "../../../src/distribution/outcome.js";
import { DISTRIBUTION_DEFAULTS } from "../../../src/distribution/settings.js";
import type { Clock } from "../../../src/model/clock.js";
import type { Fid } from "../../../src/model/hash.js";
import { LeaseLost } from "../../../src/model/lease-lost.js";
import { file, hash, lossOf, slice, version } from "../../suites/catalog-fixture.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";
import { testKeys } from "../../support/test-keys.js";

const settings = { ...DISTRIBUTION_DEFAULTS, leaseMs: 30_000 };
const signal = new AbortController().signal;

/** One gateway: its own connection to the catalog, and its own clock, which may go wrong. */
interface Gateway {
  readonly catalog: Catalog;
  readonly counters: Counters;
  /** Added to the clock. */
  skewMs: number;
  readonly context: DistributionContext;
}

/** A step that the test ends. */
class HeldStep {
  catalog!: Catalog;
  job!: Job;
  signal!: AbortSignal;
  end!: (outcome: Outcome) => void;
  readonly begun: Promise<void>;
  private hasBegun!: () => void;

  constructor() {
    this.begun = new Promise((resolve) => (this.hasBegun = resolve));
  }

  readonly handler = (catalog: Catalog) => ({
    run: (job: Job, ending: AbortSignal): Promise<Outcome> => {
      Object.assign(this, { catalog, job, signal: ending });
      return new Promise((resolve, reject) => {
        this.end = resolve;
        ending.addEventListener("abort", () => reject(ending.reason as Error));
        this.hasBegun();
      });
    },
  });
}

describe("Leases of two gateways", () => {
  let folder: string;
  let time: ManualClock;
  let one: Gateway;
  let two: Gateway;
  let row: string;

  const open = async (gateway: string, file = "catalog.db", shared = true): Promise<Gateway> => {
    const made = { skewMs: 0, counters: new Counters() };
    const clock: Clock = { now: () => time.now() + made.skewMs, sleep: (ms, ended) => time.sleep(ms, ended) };
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys, gateway }, { path: join(folder, file), shared });
    const log = { warn: () => undefined, error: () => undefined };
    const registry = { troubledSince: () => false };
    const context = { catalog, counters: made.counters, clock, log, registry } as unknown as DistributionContext;
    return Object.assign(made, { catalog, context });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-leases-"));
    time = new ManualClock();
    [one, two] = [await open("one"), await open("two")];
    await one.catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
    const { id } = (await one.catalog.objects.put(version("key"), { blobs: [slice("blob")] })).version;
    await one.catalog.objects.attach(id, [file("key", [slice("blob")])]);
    row = (await one.catalog.objects.extents(id))[0]!.file;
  });
  afterEach(async () => {
    await one.catalog.close();
    await two.catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = async (gateway: Gateway) => {
    const held = new HeldStep();
    const stepping = new JobWorker("store", held.handler, gateway.context, settings).step(signal);
    await Promise.race([held.begun, stepping]);
    return { held, stepping };
  };
  /** One gateway stands still while the other one takes its job. */
  const takeOver = async () => {
    const before = await begin(one);
    two.skewMs = settings.leaseMs + 1;
    return { before, after: await begin(two) };
  };

  it("let the one that lost a job write nothing more of it, and end its step", async () => {
    const { before, after } = await takeOver();
    expect(after.held.job.lease).to.be.greaterThan(before.held.job.lease);
    await lossOf(before.held.catalog.files.advance(row, "declared", 1));
    await after.held.catalog.files.advance(row, "declared", 2);
    await time.advance(settings.leaseMs / 3);
    await before.stepping;
    expect(before.held.signal.reason).to.be.instanceOf(LeaseLost);
    expect(one.counters.leasesLost).to.equal(1);
    after.held.end(AGAIN);
    await after.stepping;
    expect(await one.catalog.files.get(row)).to.include({ state: "declared", reports: 2 });
  });

  it("let nobody give back, or finish, a job that another one has", async () => {
    const { before, after } = await takeOver();
    before.held.end({ kind: "finish" });
    await before.stepping;
    expect((await one.catalog.jobs.count()).store).to.equal(1);
    await after.held.catalog.files.advance(row, "declared", 2);
    after.held.end({ kind: "finish" });
    await after.stepping;
    expect((await one.catalog.jobs.count()).store).to.equal(0);
  });

  it("go on by the new number when a whole process stood still and then leases its own job again", async () => {
    const held = new HeldStep();
    const worker = new JobWorker("store", held.handler, one.context, settings);
    const stepping = worker.step(signal);
    await held.begun;
    one.skewMs = settings.leaseMs + 1;
    expect(await worker.step(signal)).to.deep.equal({ kind: "busy" });
    await held.catalog.files.advance(row, "declared", 2);
    held.end({ kind: "finish" });
    await stepping;
    expect((await one.catalog.jobs.count()).store).to.equal(0);
    expect(one.counters.leasesLost).to.equal(0);
  });

  it("are taken within seconds of jobs that nobody has told the worker of, also where there is one process", async () => {
    const alone = await open("alone", "alone.db", false);
    const { objects, buckets } = alone.catalog;
    const run: string[] = [];
    const handler = () => ({
      run: (job: Job): Promise<Outcome> => {
        run.push(job.subject);
        return Promise.resolve({ kind: "finish" });
      },
    });
    const supervisor = new Supervisor({ clock: time, log: { warn: () => undefined } });
    supervisor.add(new JobWorker("store", handler, alone.context, settings));
    await eventually("it sleeps", () => time.sleeping > 0 || undefined);
    await buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
    const { id } = (await objects.put(version("key"), { blobs: [slice("blob")] })).version;
    await objects.attach(id, [file("key", [slice("blob")])]);
    await time.advance(1_000);
    expect(run).to.deep.equal([]);
    await time.advance(5_000);
    await eventually("its step", () => run.length > 0 || undefined);
    await supervisor.drain(0, 0);
    expect(run).to.deep.equal([(await objects.extents(id))[0]!.file]);
    await alone.catalog.close();
  });

  it("say nothing of a job that is gone with its object", async () => {
    const { held, stepping } = await begin(one);
    await two.catalog.files.failed(row, "no");
    await lossOf(held.catalog.files.advance(row, "declared", 1));
    held.end(AGAIN);
    await stepping;
    expect(one.counters.leasesLost).to.equal(0);
  });

  describe("of a FID", () => {
    const fid = hash("fid key") as Fid;
    const locksOf = ({ context }: Gateway) => new FidLocks(context, settings);

    it("let one of them sign at a time", async () => {
      const other = await locksOf(one).tryRun(fid, one.catalog, signal, () =>
        locksOf(two).tryRun(fid, two.catalog, signal, () => Promise.resolve("both")),
      );
      expect(other).to.equal(undefined);
      expect(await locksOf(two).tryRun(fid, two.catalog, signal, () => Promise.resolve("then"))).to.equal("then");
      expect(await one.catalog.locks.held()).to.deep.equal([]);
    });

    it("are kept while their holder waits, and not a moment longer when it is dead", async () => {
      let end = (): void => undefined;
      let begun = (): void => undefined;
      const holding = new Promise<void>((resolve) => (begun = resolve));
      const waiting = locksOf(one).tryRun(fid, one.catalog, signal, () => {
        begun();
        return new Promise<void>((resolve) => (end = resolve));
      });
      await holding;
      const lock = (await one.catalog.locks.held())[0]!;
      await time.advance(settings.leaseMs / 3);
      for (let until = lock.until; until === lock.until; until = (await one.catalog.locks.held())[0]!.until)
        await new Promise((resolve) => setImmediate(resolve));
      end();
      await waiting;
      await one.catalog.locks.acquire(`fid:${fid}`, settings.leaseMs);
      expect(await locksOf(two).tryRun(fid, two.catalog, signal, () => Promise.resolve("early"))).to.equal(undefined);
      await time.advance(settings.leaseMs);
      expect(await locksOf(two).tryRun(fid, two.catalog, signal, () => Promise.resolve("free"))).to.equal("free");
    });

    it("let nobody who lost one save what it signs", async () => {
      const job = (await one.catalog.jobs.lease(["store"], 1, 3_600_000))[0]!;
      const mine = one.catalog.fenced(() => job);
      const signing = locksOf(one).tryRun(fid, mine, signal, async (catalog) => {
        two.skewMs = settings.leaseMs + 1;
        await two.catalog.locks.acquire(`fid:${fid}`, settings.leaseMs);
        await catalog.files.markSigned(row, { nonce: 1, untilBlock: 2 });
      });
      expect(await lossOf(signing)).to.deep.equal({ gone: false });
      expect((await one.catalog.files.get(row))?.signed).to.equal(undefined);
      expect(await one.catalog.locks.held(), "the other's").to.have.length(1);
    });
  });
});

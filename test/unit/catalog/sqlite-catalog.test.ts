import { expect } from "chai";
import Database from "libsql";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { catalogContract } from "../../suites/catalog.js";
import { configurationContract } from "../../suites/catalog-configuration.js";
import { writersContract } from "../../suites/catalog-writers.js";
import { file, refusal, slice, TestClock, version } from "../../suites/catalog-fixture.js";
import { openFreshCatalog } from "../../support/fresh-catalog.js";
import { undoMigrations } from "../../support/older-schema.js";
import { testKeys } from "../../support/test-keys.js";

describe("The catalog on SQLite", () => {
  catalogContract(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "catalog-"));
    const catalog = await openFreshCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db") });
    const end = async () => {
      await catalog.close();
      await rm(folder, { recursive: true, force: true });
    };
    return { catalog, end };
  });

  configurationContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), "catalog-"));
    const settings = { path: join(folder, "catalog.db"), shared: true };
    return {
      open: (clock) => openSqliteCatalog({ clock, sealer: testKeys }, settings),
      end: () => rm(folder, { recursive: true, force: true }),
    };
  });

  writersContract(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "catalog-"));
    const open = () =>
      openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db"), shared: true });
    const catalogs = [await open(), await open()] as const;
    const end = async () => {
      for (const catalog of catalogs) await catalog.close();
      await rm(folder, { recursive: true, force: true });
    };
    return { catalogs, end };
  });

  describe("as a whole", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "catalog-"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));
    const open = (more = {}) =>
      openSqliteCatalog(
        { clock: new TestClock(), sealer: testKeys },
        { path: join(folder, "new", "catalog.db"), ...more },
      );

    it("finds everything again after it was closed, and keeps counting", async () => {
      const first = await open();
      await first.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
      const { version: put } = await first.objects.put(version("key"), { blobs: [slice("b")] });
      await first.objects.delete("box", "key");
      await first.objects.put(version("kept"), { blobs: [slice("b")] });
      await first.close();
      const again = await open();
      expect((await again.objects.get("box", "kept"))?.etag).to.equal("etag of kept");
      const { version: next } = await again.objects.put(version("key"), { blobs: [slice("b")] });
      expect(Number(next.id)).to.be.greaterThan(Number(put.id) + 1);
      await again.close();
    });

    it("is for two gateways at once: each leases what the other has not, and ends only its own leases", async () => {
      const clock = new TestClock();
      const opened = await Promise.all(
        ["one", "two"].map((gateway) =>
          openSqliteCatalog(
            { clock, sealer: testKeys, gateway },
            { path: join(folder, "new", "catalog.db"), shared: true },
          ),
        ),
      );
      const [one, two] = opened as [Catalog, Catalog];
      await one.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
      for (const key of ["a", "b"]) await one.objects.put(version(key), { blobs: [slice(key)] });
      const [mine] = await one.jobs.lease(["encode"], 1, 60_000);
      const [theirs] = await two.jobs.lease(["encode"], 1, 60_000);
      expect(theirs!.subject).to.not.equal(mine!.subject);
      expect(await one.locks.acquire("name", 60_000)).to.not.equal(undefined);
      expect(await two.locks.acquire("name", 60_000)).to.equal(undefined);
      await two.jobs.releaseOwn();
      await two.locks.releaseOwn();
      await one.jobs.extend(mine!, 60_000);
      expect((await two.jobs.lease(["encode"], 10, 60_000)).map(({ subject }) => subject)).to.deep.equal([
        theirs!.subject,
      ]);
      expect(await two.locks.held()).to.have.length(1);
      await Promise.all(opened.map((catalog) => catalog.close()));
    });

    it("finishes what was accepted before it closes, and takes nothing after", async () => {
      const catalog = await open();
      await catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
      const puts = Array.from({ length: 50 }, (_, index) =>
        catalog.objects.put(version(`k${index}`), { blobs: [slice("b")] }),
      );
      const closing = catalog.close();
      const late = await catalog.buckets.create({ name: "late", owner: "anna", region: "r" }).then(
        () => "taken",
        () => "refused",
      );
      expect(late).to.equal("refused");
      expect(await Promise.all(puts)).to.have.length(50);
      await closing;
    });

    it("goes on with a catalog from before there were packs", async () => {
      const before = await open();
      await before.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
      const { version: staged } = await before.objects.put(version("staged"), { blobs: [slice("s")] });
      const { version: put } = await before.objects.put(version("stored"), { blobs: [slice("b")] });
      await before.objects.attach(put.id, [file("content", [slice("b")])]);
      const [extent] = await before.objects.extents(put.id);
      await before.files.stored(extent!.file);
      await before.close();
      const database = new Database(join(folder, "new", "catalog.db"));
      undoMigrations(database, "0007_packs");
      database.close();
      const after = await open();
      // What each bucket held before it was counted.
      expect((await after.usage.bucket("box")).usage).to.deep.equal({ bytes: 10, uploadBytes: 0, objects: 2 });
      expect((await after.objects.get("box", "stored"))?.extents).to.deep.equal([extent]);
      expect((await after.objects.get("box", "staged"))?.durability.state).to.equal("staged");
      expect((await after.jobs.lease(["encode"], 10, 1)).map((job) => job.subject)).to.deep.equal([staged.id]);
      expect(await after.packs.belowHalf()).to.deep.equal([]);
      await after.objects.put(version("copy"), { blobs: [], extents: [extent!], copied: true });
      for (const key of ["stored", "copy"]) await after.objects.delete("box", key);
      expect((await after.jobs.lease(["delete"], 10, 1)).map((job) => job.subject)).to.deep.equal([extent!.file]);
      await after.close();
    });

    it("has a heartbeat while it can be written, however often", async () => {
      const catalog = await open();
      for (let n = 0; n < 3; n++) await catalog.heartbeat();
      await catalog.close();
      expect(
        await catalog.heartbeat().then(
          () => "beat",
          () => "failed",
        ),
      ).to.equal("failed");
    });

    it("answers SlowDown when more writes wait than it may hold", async () => {
      const catalog = await open({ maxPending: 5 });
      const outcomes = Array.from({ length: 8 }, (_, index) =>
        catalog.buckets.create({ name: `b${index}`, owner: "anna", region: "r" }),
      );
      await Promise.all(outcomes.slice(5).map((outcome) => refusal(outcome, "catalogBusy")));
      await Promise.all(outcomes.slice(0, 5));
      await catalog.buckets.create({ name: "after", owner: "anna", region: "r" });
      await catalog.close();
    });
  });
});

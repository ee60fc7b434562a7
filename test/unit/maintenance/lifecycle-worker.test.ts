import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { LifecycleWorker } from "../../../src/maintenance/lifecycle-worker.js";
import type { LifecycleRule } from "../../../src/model/lifecycle.js";
import { CatalogFixture, slice } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

const DAY = 86_400_000;

describe("The lifecycle worker", () => {
  const on = CatalogFixture.forEach(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "lifecycle-"));
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db") });
    return { catalog, end: () => catalog.close().then(() => rm(folder, { recursive: true, force: true })) };
  });
  const removed: string[] = [];
  beforeEach(() => {
    removed.length = 0;
  });

  const versioned = () => on.catalog.documents.put("box", "versioning", "Enabled");
  const rules = (...given: Partial<LifecycleRule>[]) =>
    on.catalog.documents.put("box", "lifecycle", {
      rules: given.map((rule, index) => ({
        id: String(index),
        enabled: true,
        filter: { form: "filter" as const },
        ...rule,
      })),
      transitionDefaultMinimumObjectSize: "all_storage_classes_128K",
    });
  const run = async (page = 1000) => {
    const blobs = { remove: (ids: readonly string[]) => Promise.resolve(void removed.push(...ids)) };
    const worker = new LifecycleWorker({ catalog: on.catalog, blobs, clock: on.clock }, { page, concurrency: 3 });
    let steps = 0;
    while ((await worker.step()).kind === "busy") steps++;
    return steps;
  };
  const left = async () => {
    const { entries } = await on.catalog.objects.listVersions({
      bucket: "box",
      prefix: "",
      delimiter: "",
      keyMarker: "",
      versionIdMarker: "",
      limit: 1000,
    });
    return entries.flatMap((entry) =>
      entry.kind === "version" ? [`${entry.version.key}${entry.version.deleteMarker ? " (marker)" : ""}`] : [],
    );
  };
  const pass = (days: number) => {
    on.clock.time += days * DAY;
  };

  it("expires objects so many days after they were written, at midnight, and lets their bytes go", async () => {
    on.clock.time = 20_000 * DAY + DAY / 2;
    await on.put("old", "old bytes");
    await rules({ expiration: { days: 1 } });
    pass(1);
    await run();
    expect(await left()).to.deep.equal(["old"]);
    pass(0.5);
    await run();
    expect(await left()).to.deep.equal([]);
    expect(removed).to.deep.equal(["old bytes"]);
  });

  it("heeds prefix, tags, sizes, date and whether a rule is enabled", async () => {
    const tags = [
      { key: "kind", value: "log" },
      { key: "more", value: "x" },
    ];
    await on.put("tagged", "1", { tags });
    await on.put("big", "2", { size: 100 });
    await on.put("logs/a", "3");
    await on.put("kept", "4", { size: 50, tags: [{ key: "kind", value: "other" }] });
    const filter = (more: object) => ({ form: "filter" as const, ...more });
    const expiration = { days: 1 };
    await rules(
      { filter: filter({ tags: [tags[0]] }), expiration },
      { filter: filter({ sizeOver: 99, sizeUnder: 101 }), expiration },
      { filter: filter({ prefix: "logs/" }), expiration: { date: on.clock.time + DAY } },
      { enabled: false, expiration },
      { filter: filter({ sizeOver: 50, sizeUnder: 100 }), expiration },
    );
    await run();
    expect(await left()).to.have.length(4);
    pass(2);
    await run();
    expect(await left()).to.deep.equal(["kept"]);
  });

  it("sets a delete marker where there is versioning, and removes it when it hides nothing any more", async () => {
    await versioned();
    await on.put("k", "one");
    await rules({ expiration: { days: 1 } });
    pass(2);
    await run();
    expect(await left()).to.deep.equal(["k (marker)", "k"]);
    await rules({ noncurrent: { days: 1 } }, { expiration: { deleteMarkers: true } });
    pass(1.1);
    await run();
    expect(await left()).to.deep.equal(["k (marker)", "k"]);
    pass(1);
    await run();
    expect(await left()).to.deep.equal(["k (marker)"]);
    await run();
    expect(await left()).to.deep.equal([]);
  });

  it("counts noncurrent versions' days from when they were replaced, and keeps the newest of them", async () => {
    await versioned();
    for (let round = 0; round < 6; round++) {
      await on.put("k", `k${round}`);
      pass(1);
    }
    await on.put("l", "l");
    await rules({ noncurrent: { days: 2, keep: 2 } });
    await run(2);
    // k0, k1 and k2 are old enough; k3 and k4 are kept as the newest two.
    expect(removed).to.have.members(["k0", "k1", "k2"]);
    pass(30);
    await run(1);
    expect(await left()).to.deep.equal(["k", "k", "k", "l"]);
  });

  it("goes through all versions in pages of any size", async () => {
    await versioned();
    for (let index = 0; index < 7; index++) for (const key of ["a", "b"]) await on.put(key, `${key}${index}`);
    await rules({ noncurrent: { days: 1 } });
    pass(3);
    expect(await run(3)).to.be.greaterThan(3);
    expect(await left()).to.deep.equal(["a", "b"]);
  });

  it("moves versions down through the storage classes, and small ones only where the rules say so", async () => {
    const classes = async () => {
      const { entries } = await on.catalog.objects.listVersions({
        bucket: "box",
        prefix: "",
        delimiter: "",
        keyMarker: "",
        versionIdMarker: "",
        limit: 1000,
      });
      return entries.flatMap((entry) =>
        entry.kind === "version" ? [[entry.version.key, entry.version.storageClass]] : [],
      );
    };
    await versioned();
    await on.put("big", "1", { size: 200_000 });
    await on.put("cold", "2", { size: 200_000, content: { storageClass: "DEEP_ARCHIVE" } });
    await on.put("small", "3");
    const transitions = [
      { storageClass: "STANDARD_IA", at: { days: 30 } },
      { storageClass: "GLACIER", at: { days: 60 } },
    ] as const;
    await rules({ transitions });
    pass(31);
    await run();
    expect(await classes()).to.deep.equal([
      ["big", "STANDARD_IA"],
      ["cold", "DEEP_ARCHIVE"],
      ["small", undefined],
    ]);
    await rules({ transitions }, { filter: { form: "filter", sizeOver: 1 }, transitions });
    pass(30);
    await run();
    expect(await classes()).to.deep.equal([
      ["big", "GLACIER"],
      ["cold", "DEEP_ARCHIVE"],
      ["small", "GLACIER"],
    ]);
    await on.put("big", "4", { size: 200_000 });
    await rules({ noncurrentTransitions: [{ storageClass: "DEEP_ARCHIVE", days: 1 }] });
    pass(2);
    await run();
    expect((await classes()).slice(0, 2)).to.deep.equal([
      ["big", undefined],
      ["big", "DEEP_ARCHIVE"],
    ]);
  });

  it("leaves locked versions, and goes on with the others", async () => {
    await versioned();
    await on.put("held", "1", { lock: { legalHold: "ON" } });
    await on.put("free", "2");
    for (const key of ["held", "free"]) await on.put(key, `new ${key}`);
    await rules({ noncurrent: { days: 1 } });
    pass(3);
    await run();
    expect(await left()).to.deep.equal(["free", "held", "held"]);
  });

  it("aborts uploads that were left unfinished, and lets their parts go", async () => {
    const begin = async (id: string, key: string) => {
      await on.catalog.uploads.create({ id, bucket: "box", key, owner: "anna", content: {}, metadata: {} });
      await on.catalog.uploads.putPart(id, { partNumber: 1, size: 5, etag: "e", blob: slice(`part of ${id}`).blob });
    };
    await begin("old", "logs/a");
    await begin("elsewhere", "other");
    pass(3);
    await begin("young", "logs/b");
    await rules({ filter: { form: "filter", prefix: "logs/" }, abortUploadsAfterDays: 2 });
    await run(1);
    expect(removed).to.deep.equal(["part of old"]);
    expect((await on.catalog.uploads.get("box", "logs/b", "young"))?.state).to.equal("open");
  });

  it("rests until its interval is over, which is never longer than a day", async () => {
    const blobs = { remove: () => Promise.resolve() };
    const worker = new LifecycleWorker(
      { catalog: on.catalog, blobs, clock: on.clock },
      { dayMs: 1000, intervalMs: DAY },
    );
    expect(await worker.step()).to.deep.equal({ kind: "idle", until: on.clock.time + 1000 });
    await on.put("k", "k");
    await rules({ expiration: { days: 1 } });
    expect((await worker.step()).kind).to.equal("idle");
    on.clock.time += 2000;
    expect((await worker.step()).kind).to.equal("busy");
    expect(await left()).to.deep.equal([]);
  });
});

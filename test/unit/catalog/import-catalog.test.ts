import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { CatalogUnusable } from "../../../src/catalog/catalog-unusable.js";
import { BROUGHT, NOT_BROUGHT } from "../../../src/catalog/postgres/catalog-import.js";
import { importCatalog, type ImportProgress } from "../../../src/catalog/postgres/import-catalog.js";
import { openPostgresCatalog } from "../../../src/catalog/postgres/postgres-catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import Database from "libsql";
import { file, slice, TestClock, version } from "../../suites/catalog-fixture.js";
import { embeddedPostgres, serverPostgres, TEST_POSTGRES, type TestDatabase } from "../../support/postgres.js";
import { testKeys } from "../../support/test-keys.js";

const clock = new TestClock();
const components = { clock, sealer: testKeys };
const OBJECTS = 2500;
const silent: ImportProgress = { copied: () => undefined, comparing: () => undefined };

describe("Bringing a catalog into PostgreSQL", () => {
  let folder: string;
  let path: string;
  let database: TestDatabase;

  before(async () => {
    database = TEST_POSTGRES === undefined ? await embeddedPostgres() : await serverPostgres(TEST_POSTGRES);
  });
  after(() => database.end());
  beforeEach(async () => {
    await database.empty();
    await database.run("drop table if exists catalog_import");
    folder = await mkdtemp(join(tmpdir(), "cess-s3-import-"));
    path = join(folder, "catalog.sqlite");
    await fill(await openSqliteCatalog(components, { path }));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function fill(catalog: Catalog): Promise<void> {
    await catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" }, { versioning: "Enabled" });
    await catalog.usage.setQuota("box", { objects: 1_000_000 });
    await Promise.all(
      Array.from({ length: OBJECTS }, (_, n) =>
        catalog.objects.put(version(`key \u0000${n}`, { etag: `e${n}`, metadata: { n: `ü${n}` } }), {
          blobs: [slice(`blob ${n}`)],
        }),
      ),
    );
    const { version: stored } = await catalog.objects.put(version("stored"), { blobs: [slice("s")] });
    await catalog.objects.attach(stored.id, [file("content", [slice("s")])]);
    const upload = { id: "u", bucket: "box", key: "big", owner: "anna", content: {}, metadata: {} };
    await catalog.uploads.create(upload);
    await catalog.uploads.putPart("u", { partNumber: 1, size: 7, etag: "e", blob: slice("p").blob });
    // The greatest id that was given is of a version that is gone.
    await catalog.objects.put(version("last"), { blobs: [slice("l")] });
    const last = (await catalog.objects.get("box", "last"))!;
    await catalog.objects.delete("box", "last", undefined, { versionId: last.versionId });
    lastId = Number(last.id);
    mark = await catalog.mark.advance();
    await catalog.close();
  }
  let lastId = 0;
  let mark = { catalog: "", generation: 0 };

  const bring = (progress: Partial<ImportProgress> = {}) =>
    importCatalog(
      components,
      { path },
      { settings: database.settings, place: "db at host" },
      { ...silent, ...progress },
    );
  const open = async () => {
    await database.run("deallocate all");
    return openPostgresCatalog(components, database.settings);
  };
  const fault = async (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => expect.fail("it was not refused"),
      (error: unknown) => error as Error,
    );

  async function requireAll(): Promise<void> {
    const catalog = await open();
    const page = { bucket: "box", owner: "anna", prefix: "", delimiter: "", after: "", limit: 1000 };
    const first = await catalog.objects.list(page);
    expect(first.entries).to.have.length(1000);
    const entry = first.entries[7]!;
    const key = entry.kind === "key" ? entry.version.key : "";
    const read = (await catalog.objects.get("box", key))!;
    expect(read.metadata).to.deep.equal({ n: `ü${key.slice("key \u0000".length)}` });
    expect((await catalog.objects.get("box", "stored"))?.extents).to.have.length(1);
    expect((await catalog.uploads.parts("u")).map(({ size }) => size)).to.deep.equal([7]);
    expect((await catalog.usage.bucket("box")).usage).to.deep.equal({
      bytes: (OBJECTS + 1) * 5,
      uploadBytes: 7,
      objects: OBJECTS + 1,
    });
    expect(await catalog.inspection.wrongUsages()).to.deep.equal([]);
    const { version: next } = await catalog.objects.put(version("next"), { blobs: [slice("n")] });
    expect(Number(next.id)).to.be.greaterThan(lastId);
    expect(await catalog.mark.read()).to.deep.equal({ catalog: mark.catalog, generation: mark.generation + 1 });
    await catalog.close();
  }

  it("brings every row, and no gateway starts on the file any more", async () => {
    expect(await bring()).to.deep.equal({ catalog: mark.catalog, generation: mark.generation + 1 });
    await requireAll();
    const refused = await fault(openSqliteCatalog(components, { path }));
    expect(refused).to.be.instanceOf(CatalogUnusable);
    expect(refused.message).to.include("catalog.url").and.to.include("db at host");
    expect((await fault(bring())).message).to.include("has moved to PostgreSQL already");
  });

  it("goes on wherever it was broken off, and no gateway starts on the database meanwhile", async () => {
    let steps = 0;
    for (let broken = 1; ; broken += 3) {
      steps = 0;
      const breaking = {
        copied: () => {
          if (++steps === broken) throw new Error("killed");
        },
        comparing: () => {
          if (broken < 60) throw new Error("killed");
        },
      };
      await database.run("deallocate all");
      const outcome = await bring(breaking).then(
        () => "brought",
        (error: unknown) => (error as Error).message,
      );
      if (outcome === "brought") break;
      expect(outcome).to.equal("killed");
      await database.run("deallocate all");
      expect((await fault(open())).message).to.include("broken off");
    }
    await requireAll();
  });

  it("refuses a database that has a catalog", async () => {
    const there = await open();
    await there.buckets.create({ name: "other", owner: "o", region: "r" });
    await there.close();
    await database.run("deallocate all");
    expect((await fault(bring())).message).to.include("has a catalog already");
    // The file is as it was.
    await (await openSqliteCatalog(components, { path })).close();
  });

  it("knows every table", () => {
    const read = new Database(path);
    const tables = read
      .prepare(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like 'kysely%'",
      )
      .all() as { name: string }[];
    read.close();
    expect(tables.map(({ name }) => name).sort()).to.deep.equal([...BROUGHT, ...NOT_BROUGHT].sort());
  });
});

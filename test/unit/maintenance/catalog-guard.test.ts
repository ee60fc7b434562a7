import { expect } from "chai";
import { copyFile, mkdir, mkdtemp, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { JsonFileStore } from "../../../src/cli/json-file-store.js";
import { CatalogGuard } from "../../../src/maintenance/catalog-guard.js";
import { slice, TestClock, version } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

describe("The catalog's mark", () => {
  let folder: string;
  let copies = 0;
  const clock = new TestClock();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mark-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const store = () => new JsonFileStore({ folder });

  /** What a process would find that was ended now: the database with its log, in a folder of its own. */
  const left = async (path: string): Promise<string> => {
    const copy = join(folder, String(++copies), "catalog.sqlite");
    await mkdir(dirname(copy));
    await copyFile(path, copy);
    await copyFile(`${path}-wal`, `${copy}-wal`).catch(() => undefined);
    return copy;
  };
  /** A process on a catalog that was left, or on a new one. */
  const start = async (from?: string) => {
    const path = from === undefined ? join(folder, String(++copies), "catalog.sqlite") : await left(from);
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path });
    const guard = await CatalogGuard.open({ catalog, store: store(), clock });
    return { catalog, guard, path };
  };
  /** Returns what it leaves. */
  const end = async ({ catalog, guard, path }: Awaited<ReturnType<typeof start>>) => {
    await guard.close();
    await catalog.close();
    return left(path);
  };
  const put = async (catalog: Catalog, key: string) => {
    await catalog.buckets.create({ name: "box", owner: "anna", region: "r" });
    await catalog.objects.put(version(key), { blobs: [slice(`blob of ${key}`)] });
  };
  const fault = async (from?: string) => {
    const { guard, catalog } = await start(from);
    await catalog.close();
    return guard.fault;
  };

  it("finds nothing wrong with a new catalog, after a close, and after a crash at any moment", async () => {
    const first = await start();
    expect(first.guard.fault).to.equal(undefined);
    const early = await left(first.path);
    expect(await fault(early)).to.equal(undefined);
    await first.guard.step();
    await put(first.catalog, "a");
    expect(await fault(await left(first.path)), "not marked yet").to.equal(undefined);
    await first.guard.step();
    const marked = await left(first.path);
    expect(await fault(marked)).to.equal(undefined);
    expect(await fault(await end(first))).to.equal(undefined);
    expect(await fault(marked), "the close moved the mark, so this is an old copy").to.match(/went back/);
    expect(await fault(early)).to.match(/went back/);
  });

  it("is there before a new catalog moves on, so a start that ends in between is no fault", async () => {
    const path = join(folder, String(++copies), "catalog.sqlite");
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path });
    // The process ends before the mark of the catalog that was moved on is on the disk.
    let sets = 0;
    const files = store();
    const cut = {
      get: (key: string) => files.get(key),
      set: (key: string, value: unknown) => (++sets === 1 ? files.set(key, value) : Promise.reject(new Error("ended"))),
    };
    const guard = await CatalogGuard.open({ catalog, store: cut, clock });
    expect(await guard.step().catch((error: unknown) => (error as Error).message)).to.equal("ended");
    expect((await catalog.mark.read()).generation, "moved on").to.equal(1);
    await catalog.close();
    expect(await fault(await left(path))).to.equal(undefined);
  });

  it("stays behind the catalog, so a crash between the two is no fault", async () => {
    const { guard, catalog, path } = await start();
    await guard.step();
    await catalog.mark.advance();
    expect(await fault(await left(path))).to.equal(undefined);
    await catalog.close();
  });

  it("notices an old backup", async () => {
    const first = await start();
    await put(first.catalog, "old");
    const backup = await end(first);
    const second = await start(backup);
    await put(second.catalog, "new");
    await end(second);
    expect(await fault(backup)).to.match(/^the catalog went back: it is at generation \d+, and was at \d+$/);
  });

  it("notices a log that was cut, in the middle or away, after a crash", async () => {
    const { guard, catalog, path } = await start();
    await put(catalog, "a");
    await guard.step();
    const middle = (await stat(`${path}-wal`)).size;
    for (const key of ["b", "c", "d"]) await put(catalog, key);
    await guard.step();
    const killed = await left(path);
    await catalog.close();
    expect(await fault(killed)).to.equal(undefined);
    const whole = (await stat(`${killed}-wal`)).size;
    for (const length of [whole - 1, middle]) {
      const cut = await left(killed);
      await truncate(`${cut}-wal`, length);
      expect(await fault(cut), `cut at ${length} of ${whole}`).to.match(/went back/);
    }
    const gone = await left(killed);
    await rm(`${gone}-wal`);
    expect(await fault(gone), "without a log nothing is left but an empty file").to.match(/another catalog/);
  });

  it("notices another catalog, a new one in the place of a lost one, and a mark that is gone", async () => {
    const first = await start();
    await put(first.catalog, "a");
    const whole = await end(first);
    expect(await fault()).to.match(/another catalog/);
    expect(await fault(whole)).to.equal(undefined);
    await rm(join(folder, "catalog-mark.json"));
    expect(await fault(whole)).to.match(/catalog-mark.json is missing or unreadable/);
  });

  it("leaves the mark where it is until the catalog is accepted, and counts every other copy as old then", async () => {
    const first = await start();
    await put(first.catalog, "a");
    const backup = await end(first);
    const second = await start(backup);
    await put(second.catalog, "b");
    const newest = await end(second);
    const third = await start(backup);
    await third.guard.step();
    const fourth = await start(await end(third));
    expect(fourth.guard.fault, "a restart does not accept").to.match(/went back/);
    await fourth.guard.accept();
    expect(fourth.guard.fault).to.equal(undefined);
    await put(fourth.catalog, "c");
    expect(await fault(await end(fourth))).to.equal(undefined);
    expect(await fault(newest)).to.match(/another catalog/);
  });

  it("writes nothing while nothing changes", async () => {
    const { catalog } = await start();
    let writes = 0;
    const counting = { get: () => Promise.resolve(undefined), set: () => Promise.resolve(++writes) };
    const guard = await CatalogGuard.open({ catalog, store: counting, clock });
    for (let n = 0; n < 5; n++) await guard.step();
    expect(writes, "the new catalog's, and that of its first move").to.equal(2);
    await put(catalog, "a");
    for (let n = 0; n < 5; n++) await guard.step();
    expect(writes).to.equal(3);
    await catalog.close();
  });
});

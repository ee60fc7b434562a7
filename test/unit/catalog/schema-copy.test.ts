import { expect } from "chai";
import Database from "libsql";
import { copyFile, mkdtemp, open as openFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CatalogUnusable } from "../../../src/catalog/catalog-unusable.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { appliedMigrations, prepareMigration } from "../../../src/catalog/sqlite/schema-copy.js";
import { slice, TestClock, version } from "../../suites/catalog-fixture.js";
import { undoMigrations } from "../../support/older-schema.js";
import { testKeys } from "../../support/test-keys.js";

describe("A catalog's schema", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "schema-"));
    path = join(folder, "catalog.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const open = () => openSqliteCatalog({ clock: new TestClock(), sealer: testKeys }, { path });
  const fill = async () => {
    const catalog = await open();
    await catalog.buckets.create({ name: "box", owner: "anna", region: "r" });
    await catalog.objects.put(version("key"), { blobs: [slice("b")] });
    await catalog.close();
  };
  const change = (...statements: string[]) => {
    const database = new Database(path);
    for (const statement of statements) database.exec(statement);
    database.close();
  };
  const withDatabase = <T>(use: (database: Database.Database) => T): T => {
    const database = new Database(path);
    try {
      return use(database);
    } finally {
      database.close();
    }
  };
  const refusal = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(CatalogUnusable);
    return (error as Error).message;
  };
  const applied = () => withDatabase(appliedMigrations);

  const known = () => [...applied(), "9998_next"];
  const copies = async () => (await readdir(folder)).filter((name) => name.includes(".schema-")).sort();
  const prepare = (names: readonly string[], free?: number) => {
    const database = new Database(path);
    const room = free === undefined ? undefined : () => Promise.resolve(free);
    return prepareMigration(database, path, names, room).finally(() => database.close());
  };

  it("is copied beside the catalog before it is migrated, with every row", async () => {
    await fill();
    await prepare(known());
    const [copy] = await copies();
    expect(copy).to.equal(`catalog.sqlite.schema-${applied().at(-1)!.slice(0, 4)}`);
    const database = new Database(join(folder, copy!));
    expect(database.prepare("select key from versions").all()).to.have.length(1);
    database.close();
  });

  it("is not copied when there is nothing to migrate, or nothing in the catalog", async () => {
    await (await open()).close();
    await prepare(known());
    await fill();
    await prepare(applied());
    expect(await copies()).to.deep.equal([]);
  });

  it("is really migrated with a copy by the program that opens it", async () => {
    await fill();
    const database = new Database(path);
    undoMigrations(database, "0009_catalog_mark");
    database.close();
    await (await open()).close();
    expect(await copies()).to.have.length(1);
    expect(applied()).to.include("0009_catalog_mark");
  });

  it("leaves the newest two copies", async () => {
    await fill();
    for (const name of ["catalog.sqlite.schema-0001", "catalog.sqlite.schema-0002", "catalog.sqlite.schema-0003"])
      await writeFile(join(folder, name), "");
    await prepare(known());
    expect(await copies()).to.deep.equal([
      "catalog.sqlite.schema-0003",
      `catalog.sqlite.schema-${applied().at(-1)!.slice(0, 4)}`,
    ]);
  });

  it("is left as it is when the disk has no room for the copy, and the refusal says what is missing", async () => {
    await fill();
    expect(await refusal(prepare(known(), 1000))).to.match(
      /is copied to .*catalog.sqlite.schema-\d{4} before: it needs \d+ bytes, 1000 are free. Free some space/,
    );
    expect(await copies()).to.deep.equal([]);
  });

  it("that is newer than the program is refused with both versions, and nothing is changed", async () => {
    await fill();
    change("insert into kysely_migration (name, timestamp) values ('9999_future', '2030-01-01')");
    const newest = applied().at(-2)!;
    const message = await refusal(open());
    expect(message).to.include(path).and.to.include("9999_future").and.to.include(newest);
    expect(message).to.match(/newer cess-s3 has written it. Run that version/);
    expect(applied()).to.include("9999_future");
  });

  it("that a newer program has only added to is used as it is", async () => {
    await fill();
    change("insert into kysely_migration (name, timestamp) values ('9999_more_expand', '2030-01-01')");
    const catalog = await open();
    expect(await catalog.objects.get("box", "key")).to.not.equal(undefined);
    await catalog.objects.put(version("other"), { blobs: [slice("c")] });
    await catalog.close();
    expect([applied().at(-1), await copies()]).to.deep.equal(["9999_more_expand", []]);
    change("insert into kysely_migration (name, timestamp) values ('9999_then_less', '2030-01-02')");
    expect(await refusal(open())).to.include("9999_then_less");
  });

  it("that becomes unusable while the program runs ends its gateway at the next sign of life", async () => {
    const catalog = await open();
    const facts = { id: "a", incarnation: "1", place: "p", host: "h", folder: "/", version: "1", startedAt: 1 };
    await catalog.gateways.enter(facts);
    change("insert into kysely_migration (name, timestamp) values ('9999_more_expand', '2030-01-01')");
    expect(await catalog.gateways.beat(facts, { gone: 0 })).to.equal("taken");
    change("insert into kysely_migration (name, timestamp) values ('9999_then_less', '2030-01-02')");
    expect(await catalog.gateways.beat(facts, { gone: 0 })).to.equal("outdated");
    await catalog.close();
  });

  it("of a file that is no database is refused with its path and what to do", async () => {
    await writeFile(path, "this is not a database, whatever its name says. ".repeat(100));
    const message = await refusal(open());
    expect(message)
      .to.include(path)
      .and.to.match(/is damaged \(file is not a database\)/);
    expect(message).to.include("cess-s3 restore");
  });

  it("that lost pages is refused in the same words", async () => {
    await fill();
    // A copy without a log, which nothing has open.
    const { rootpage, size } = withDatabase((database) => {
      database.prepare("vacuum into ?").run([join(folder, "whole")]);
      const { page_size: size } = database.prepare("pragma page_size").get() as { page_size: number };
      const { rootpage } = database
        .prepare("select rootpage from sqlite_master where name = 'kysely_migration'")
        .get() as {
        rootpage: number;
      };
      return { rootpage, size };
    });
    path = join(folder, "damaged");
    await copyFile(join(folder, "whole"), path);
    const file = await openFile(path, "r+");
    await file.write(Buffer.alloc(size, 0xff), 0, size, (rootpage - 1) * size);
    await file.close();
    expect(await refusal(open())).to.match(/is damaged/);
  });
});

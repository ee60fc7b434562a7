import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CatalogUnusable } from "../../../src/catalog/catalog-unusable.js";
import { RUNNING_MS, requireNoOlderGateways } from "../../../src/catalog/schema-compatibility.js";
import { SqlCatalog } from "../../../src/catalog/sql-catalog.js";
import { SqliteStore } from "../../../src/catalog/sqlite/sqlite-store.js";
import { TestClock } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

describe("Gateways of two versions", () => {
  const clock = new TestClock();
  let folder: string;
  let store: SqliteStore;
  let catalog: SqlCatalog;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-schema-"));
    store = await SqliteStore.open({ path: join(folder, "c.sqlite") });
    catalog = new SqlCatalog({ store, clock, sealer: testKeys });
    const more = { incarnation: "1", host: "h", folder: "/data", version: "1.2.3", startedAt: 1 };
    await catalog.gateways.enter({ id: "old", place: "there", ...more });
  });
  afterEach(async () => {
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });
  const attempt = (pending: readonly string[], here = { place: "here", now: clock.time }) =>
    requireNoOlderGateways(store.reads, pending, here).then(
      () => "migrates",
      (error: unknown) => {
        expect(error).to.be.instanceOf(CatalogUnusable);
        return (error as Error).message;
      },
    );

  it("share a catalog to which the newer one only adds", async () => {
    expect(await attempt(["9998_more_expand", "9999_other_expand"])).to.equal("migrates");
  });

  it("do not run side by side where the older one cannot use what the newer one needs: it is named", async () => {
    expect(await attempt(["9998_rename", "9999_other_expand"])).to.equal(
      "this version brings the catalog to the schema 9998_rename, which gateways of an older version cannot use, and one of " +
        "these runs: old (cess-s3 1.2.3, host h, folder /data). End them, wait a minute, and start again; or run their version " +
        "here. Nothing was changed",
    );
  });

  it("follow each other at one place, and where the older one was not seen lately", async () => {
    expect(await attempt(["9998_rename"], { place: "there", now: clock.time })).to.equal("migrates");
    expect(await attempt(["9998_rename"], { place: "here", now: clock.time + RUNNING_MS })).to.equal("migrates");
  });

  it("may both know the migration that is still to be run", async () => {
    expect(await attempt(["0001_before_all"])).to.equal("migrates");
  });
});

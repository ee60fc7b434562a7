import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { LeaseNotices } from "../../../src/leases/lease-notices.js";
import type { Lease } from "../../../src/leases/lease.js";
import type { CessAccount } from "../../../src/model/account.js";
import { CatalogFixture } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

const DAY_MS = 86_400_000;

describe("Notices of territories that end", () => {
  const on = CatalogFixture.forEach(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "leases-"));
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db") });
    return { catalog, end: () => catalog.close().then(() => rm(folder, { recursive: true, force: true })) };
  });
  const said: string[] = [];
  beforeEach(() => said.splice(0));
  const log = { warn: (_fields: object, message: string) => void said.push(message) };
  const notices = () => new LeaseNotices({ catalog: on.catalog, clock: on.clock, log }, "operators");
  const lease = (days: number, change: Partial<Lease> = {}): Lease => ({
    owner: "a".repeat(64),
    account: "alice",
    cessAccount: "cX" as CessAccount,
    name: "photos",
    total: 1n,
    used: 0n,
    locked: 0n,
    remaining: 1n,
    state: "active",
    deadline: 100,
    endsAt: on.clock.now() + days * DAY_MS,
    ...change,
  });
  const waiting = async () =>
    (await on.catalog.events.first("operators", 100)).map((each) => ("days" in each ? each.days : undefined));

  it("come 30, 7 and 1 days before the end and when it has ended, each once", async () => {
    const one = notices();
    for (const days of [31, 30, 29, 8, 7, 6.5, 2, 1, 0.2, 0, -1]) await one.look(lease(days));
    expect(await waiting()).to.deep.equal([30, 7, 1, 0]);
    expect(said).to.have.length(4);
    expect(said[1]).to.contain("within 7 days").and.contain("cess-s3 territory renew");
    expect(said[3]).to.contain("has ended");
  });

  it("are not repeated by the next process", async () => {
    await notices().look(lease(6));
    await notices().look(lease(5));
    expect(await waiting()).to.deep.equal([7]);
  });

  it("tell the nearest alone of a territory that is seen first shortly before its end", async () => {
    await notices().look(lease(0.5));
    expect(await waiting()).to.deep.equal([1]);
  });

  it("begin again when the territory was renewed", async () => {
    const one = notices();
    await one.look(lease(1));
    await one.look(lease(30, { deadline: 500 }));
    expect(await waiting()).to.deep.equal([1, 30]);
  });

  it("go only to the log where no webhook is named", async () => {
    await new LeaseNotices({ catalog: on.catalog, clock: on.clock, log }, undefined).look(lease(3));
    expect(said).to.have.length(1);
    expect(await on.catalog.events.webhooks()).to.deep.equal([]);
  });
});

import { openPostgresCatalog } from "../../../src/catalog/postgres/postgres-catalog.js";
import { catalogContract } from "../../suites/catalog.js";
import { configurationContract } from "../../suites/catalog-configuration.js";
import type { TestClock } from "../../suites/catalog-fixture.js";
import { writersContract } from "../../suites/catalog-writers.js";
import { embeddedPostgres, serverPostgres, TEST_POSTGRES, type TestDatabase } from "../../support/postgres.js";
import { testKeys } from "../../support/test-keys.js";

// On the server where one is named, with all that needs several connections; the embedded one has a single one.
const server = TEST_POSTGRES;
const name = server === undefined ? "PostgreSQL in this process" : "a PostgreSQL server";
describe(`The catalog on ${name}`, () => {
  let database: TestDatabase;
  before(async () => {
    database = server === undefined ? await embeddedPostgres() : await serverPostgres(server);
  });
  after(() => database.end());

  const open = (clock: TestClock) => openPostgresCatalog({ clock, sealer: testKeys }, database.settings);

  catalogContract(async (clock) => {
    await database.empty();
    const catalog = await open(clock);
    return { catalog, end: () => catalog.close() };
  });

  if (server === undefined) return;

  configurationContract(async () => {
    await database.empty();
    return { open, end: () => Promise.resolve() };
  });

  writersContract(async (clock) => {
    await database.empty();
    const catalogs = [await open(clock), await open(clock)] as const;
    const end = async () => {
      for (const catalog of catalogs) await catalog.close();
    };
    return { catalogs, end };
  });
});

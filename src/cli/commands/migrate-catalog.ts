import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { systemClock } from "../../async/system-clock.js";
import { importCatalog } from "../../catalog/postgres/import-catalog.js";
import { ConfigError } from "../../config/config-error.js";
import { loadKeyConfig } from "../../config/load.js";
import { JsonFileStore } from "../json-file-store.js";
import { CATALOG_MARK } from "../../maintenance/catalog-guard.js";
import { recorded } from "../audit.js";
import { openGatewayFolder } from "../data-folder.js";
import { catalogPath, databasePlace, postgresSettings } from "../gateway/catalog.js";
import { plainLog } from "../log/logger.js";
import { Progress } from "../progress.js";

/** `cess-s3 migrate-catalog`: from the data folder's file into the PostgreSQL database that the configuration names. */
export async function runMigrateCatalog(options: { readonly config?: string }): Promise<void> {
  const { dataDir, catalog } = loadKeyConfig(options.config);
  const settings = postgresSettings(catalog);
  if (!settings || !catalog.url)
    throw new ConfigError("catalog.url (CESS_S3_CATALOG_URL) names no database: the catalog is to go there", {
      key: "catalog.url",
    });
  const path = catalogPath(resolve(dataDir));
  if (!(await stat(path).catch(() => undefined)))
    throw new ConfigError(`there is no catalog at ${path}: is dataDir (CESS_S3_DATA_DIR) right?`);
  const place = databasePlace(catalog.url);
  const folder = await openGatewayFolder(dataDir, "cess-s3 migrate-catalog", plainLog);
  const progress = new Progress();
  const told = {
    copied: (table: string, rows: number) => progress.show(() => `${table}: ${rows} rows`),
    comparing: () => progress.show(() => "comparing what the rows of both add up to"),
  };
  try {
    const act = { act: "migrate-catalog", subject: place };
    const move = async () => {
      const mark = await importCatalog({ clock: systemClock }, { path }, { settings, place }, told);
      await new JsonFileStore({ folder: folder.path }).set(CATALOG_MARK, mark);
    };
    await recorded(folder.path, act, move);
    progress.end();
    console.log(
      `The catalog is in PostgreSQL now (${place}): start the gateway with catalog.url. ${path} is kept as it was, and no ` +
        "gateway starts on it any more; remove it when you have a backup of the database",
    );
  } finally {
    progress.end();
    folder.close();
  }
}

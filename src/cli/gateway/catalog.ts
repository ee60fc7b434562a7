import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../../catalog/catalog.js";
import type { PostgresSettings } from "../../catalog/postgres/postgres-store.js";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite-catalog.js";
import type { CatalogConfig } from "../../config/catalog.js";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { readSecret } from "../../config/secret.js";
import type { Clock } from "../../model/clock.js";
import type { Sealer } from "../../model/sealer.js";

export interface CatalogPlace {
  readonly dataDir: string;
  readonly catalog: CatalogConfig;
}

export const catalogPath = (dataDir: string) => join(dataDir, "catalog.sqlite");

/**
 * The catalog that the configuration names: in PostgreSQL, or the data folder's file. `place`: of the gateway that opens it
 * (`gateway.json`). Rejects with CatalogUnusable.
 */
export async function openCatalog(
  { dataDir, catalog }: CatalogPlace,
  {
    shared = false,
    ...components
  }: {
    readonly clock: Clock;
    readonly sealer: Sealer;
    readonly gateway?: string;
    /** Other processes of this gateway have it open as well. */
    readonly shared?: boolean;
  },
  place?: string,
): Promise<Catalog> {
  const settings = postgresSettings(catalog);
  if (!settings) return openSqliteCatalog(components, { path: catalogPath(dataDir), shared });
  // Loaded where it is used: each process of a gateway would have its client in memory.
  const { openPostgresCatalog } = await import("../../catalog/postgres/postgres-catalog.js");
  return openPostgresCatalog(components, { ...settings, place });
}

/** Which database, as messages name it: without the password. */
export function databasePlace({ host, port, database }: NonNullable<CatalogConfig["url"]>): string {
  return `${database} at ${host}:${port}`;
}

/** Throws ConfigError where the catalog is in PostgreSQL: `command` reads and writes the data folder's file. */
export function requireEmbeddedCatalog({ catalog }: CatalogPlace, command: string): void {
  if (catalog.url)
    throw new ConfigError(
      `${command} is for the catalog in the data folder, and catalog.url (CESS_S3_CATALOG_URL) names PostgreSQL: back that ` +
        "up with pg_dump, and restore it with pg_restore (docs/deployment.md, PostgreSQL)",
      { key: "catalog.url" },
    );
}

/** Undefined where the catalog is the embedded one. */
export function postgresSettings(catalog: CatalogConfig): PostgresSettings | undefined {
  const { url, passwordFile, caFile, connections, statementSeconds } = catalog;
  if (!url) return undefined;
  const { tls, password = passwordFile && readSecret(passwordFile, "catalog.passwordFile"), ...address } = url;
  const ca = caFile === undefined ? {} : { ca: certificates(caFile) };
  const ssl = tls === "disable" ? false : { rejectUnauthorized: tls === "verify-full", ...ca };
  const reading = Math.floor(connections / 2);
  return {
    connection: { ...address, ...(password !== undefined && { password }), ssl, application_name: "cess-s3" },
    readConnections: reading,
    writeConnections: connections - reading,
    statementTimeoutMs: statementSeconds * 1000,
  };
}

function certificates(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`catalog.caFile: cannot read the file ${path}: ${reasonOf(cause)}`, {
      cause,
      key: "catalog.caFile",
    });
  }
}

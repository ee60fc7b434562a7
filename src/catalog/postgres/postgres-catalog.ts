import type { Catalog } from "../catalog.js";
import { SqlCatalog, type SqlCatalogComponents } from "../sql-catalog.js";
import { PostgresStore, type PostgresSettings } from "./postgres-store.js";

/** A catalog in PostgreSQL, for any number of gateways. */
export async function openPostgresCatalog(
  components: Omit<SqlCatalogComponents, "store">,
  settings: PostgresSettings,
): Promise<Catalog> {
  return new SqlCatalog({ store: await PostgresStore.open(components, settings), ...components });
}

import type { Catalog } from "../catalog.js";
import { SqlCatalog, type SqlCatalogComponents } from "../sql-catalog.js";
import { SqliteStore, type SqliteSettings } from "./sqlite-store.js";

/** The embedded catalog: one SQLite file, for one gateway. */
export async function openSqliteCatalog(
  components: Omit<SqlCatalogComponents, "store">,
  settings: SqliteSettings,
): Promise<Catalog> {
  return new SqlCatalog({ store: await SqliteStore.open(settings), ...components });
}

import type { Clock } from "../../model/clock.js";
import type { Sealer } from "../../model/sealer.js";
import type { Catalog } from "../catalog.js";
import { SqlCatalog } from "../sql-catalog.js";
import { SqliteStore, type SqliteSettings } from "./sqlite-store.js";

/** The embedded catalog: one SQLite file, for one gateway. */
export async function openSqliteCatalog(
  components: { readonly clock: Clock; readonly sealer: Sealer },
  settings: SqliteSettings,
): Promise<Catalog> {
  return new SqlCatalog({ store: await SqliteStore.open(settings), ...components });
}

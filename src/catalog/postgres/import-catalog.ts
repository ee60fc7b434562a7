import type { CatalogMark } from "../catalog.js";
import { CatalogUnusable } from "../catalog-unusable.js";
import type { Clock } from "../../model/clock.js";
import { CatalogRows } from "../sqlite/catalog-rows.js";
import { SqliteStore } from "../sqlite/sqlite-store.js";
import { CatalogImport } from "./catalog-import.js";
import { isImporting, PostgresStore, type PostgresSettings } from "./postgres-store.js";

export interface ImportProgress {
  /** Rows of the table that were brought in this run. */
  copied(table: string, rows: number): void;
  comparing(): void;
}

/**
 * Brings the catalog from its file into an empty database. Nothing else may use either. May be broken off at any point, and
 * goes on when it is called again: first the rows, then the file is marked, then the database opened to gateways; so at no
 * time can one start on both. `place`: of the database, as messages name it. Rejects with CatalogUnusable.
 */
export async function importCatalog(
  components: { readonly clock: Clock },
  from: { readonly path: string },
  to: { readonly settings: PostgresSettings; readonly place: string },
  progress: ImportProgress,
): Promise<CatalogMark> {
  const moved = await alreadyMoved(from.path);
  // Both have one schema then: this program's.
  if (moved === undefined) await (await SqliteStore.open({ path: from.path })).close();
  const source = await CatalogRows.open(from.path);
  const store = await PostgresStore.open(components, { ...to.settings, importing: true });
  try {
    return await store.onSession(async (session) => {
      const ours = new CatalogImport(session, source);
      if (moved !== undefined && !(await isImporting(session)))
        throw new CatalogUnusable(`the catalog ${from.path} has moved to PostgreSQL already (${moved})`);
      await ours.begin();
      await ours.copy((table, rows) => progress.copied(table, rows));
      progress.comparing();
      const differences = await ours.differences();
      if (differences.length > 0)
        throw new CatalogUnusable(
          `the rows in PostgreSQL are not those of the file: ${differences.join("; ")}. Something has written to one of them ` +
            "meanwhile: empty the database, and begin again. The file is as it was",
        );
      if (source.movedTo === undefined) source.markMoved(to.place);
      return await ours.end();
    });
  } finally {
    source.close();
    await store.close();
  }
}

async function alreadyMoved(path: string): Promise<string | undefined> {
  const source = await CatalogRows.open(path);
  try {
    return source.movedTo;
  } finally {
    source.close();
  }
}

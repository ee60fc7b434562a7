import type Database from "libsql";
import { CatalogUnusable } from "../catalog-unusable.js";

/** Where the catalog is now; undefined while it is still in this file. */
export function movedTo(database: Database.Database): string | undefined {
  const there = database.prepare("select 1 from sqlite_master where name = 'moved_catalog'").get();
  if (there === undefined) return undefined;
  const row = database.prepare("select place from moved_catalog").get() as { readonly place: string } | undefined;
  return row?.place;
}

/** From now on no gateway starts on this file. Durable when it returns. */
export function markMoved(database: Database.Database, place: string): void {
  database.pragma("synchronous = FULL");
  database.exec(
    "begin immediate; create table if not exists moved_catalog (place text not null); delete from moved_catalog",
  );
  database.prepare("insert into moved_catalog (place) values (?)").run([place]);
  database.exec("commit");
}

/** Throws CatalogUnusable where the catalog has moved: what was written here since would be lost, and the other one fork. */
export function requireNotMoved(database: Database.Database, path: string): void {
  const place = movedTo(database);
  if (place === undefined) return;
  throw new CatalogUnusable(
    `the catalog ${path} was moved to PostgreSQL (${place}) by cess-s3 migrate-catalog, and is not used any more: set ` +
      "catalog.url (CESS_S3_CATALOG_URL). To go back to the file as it was then, without all that was written since: " +
      `sqlite3 ${path} 'drop table moved_catalog'`,
  );
}

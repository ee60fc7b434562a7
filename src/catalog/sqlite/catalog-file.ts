import { randomBytes } from "node:crypto";
import Database from "libsql";
import type { BlobId } from "../../model/object.js";
import type { CatalogMark } from "../catalog.js";
import { namingDamage } from "./damage.js";
import { appliedMigrations, copyDatabase } from "./schema-copy.js";

/** A catalog's file by itself, for backups: nothing in it is migrated. */
export class CatalogFile {
  private constructor(
    readonly path: string,
    private readonly database: Database.Database,
  ) {}

  /** The file must exist. Rejects with CatalogUnusable where it is damaged. */
  static open(path: string): Promise<CatalogFile> {
    return namingDamage(path, () => {
      const database = new Database(path, { fileMustExist: true });
      // A copy of a running gateway's catalog waits for its commits.
      database.pragma("busy_timeout = 30000");
      database.prepare("select count(*) from sqlite_master").get();
      return new CatalogFile(path, database);
    });
  }

  /** As of one moment, whatever else reads and writes. `target` must not exist; the caller syncs it. */
  copyTo(target: string): void {
    copyDatabase(this.database, target);
  }

  /** Of the newest migration that the catalog has had; undefined for an empty file. */
  get schema(): string | undefined {
    return appliedMigrations(this.database).at(-1);
  }

  mark(): CatalogMark {
    const row = this.database.prepare("select catalog, generation from catalog_mark").get() as CatalogMark;
    return { catalog: row.catalog, generation: row.generation };
  }

  /** From now on this counts as another catalog than every copy of it. */
  renew(catalog: string): CatalogMark {
    this.database.prepare("update catalog_mark set catalog = ?, generation = generation + 1").run([catalog]);
    this.beginStream();
    return this.mark();
  }

  /** Its journals begin anew (MarkCatalog.renew). A catalog of an earlier version has none. */
  private beginStream(): void {
    if (!this.database.prepare("select 1 from sqlite_master where name = 'journal_state'").get()) return;
    this.database
      .prepare("update journal_state set stream = ?, snapshot_due = 1")
      .run([randomBytes(4).toString("hex")]);
    this.database.exec(
      "delete from journals where state = 'ordered'; " +
        "insert or ignore into journal_changes (kind, number, name) select 1, 0, name from buckets limit 1",
    );
  }

  /** What SQLite finds wrong with the file, at most 20 faults; takes as long as reading all of it. */
  faults(): string[] {
    const rows = this.database.prepare("pragma integrity_check(20)").all() as { integrity_check: string }[];
    return rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  }

  /** Every blob that a row links, once. */
  *linkedBlobs(): Generator<BlobId, void> {
    const rows = this.database
      .prepare("select blob from version_blobs union select blob from file_blobs union select blob from parts")
      .iterate() as Iterable<{ blob: BlobId }>;
    for (const { blob } of rows) yield blob;
  }

  close(): void {
    this.database.close();
  }
}

import { CatalogUnusable } from "../catalog-unusable.js";

/** What SQLite says of a file that is no database, or one that was damaged. */
const DAMAGE: ReadonlySet<string> = new Set(["SQLITE_NOTADB", "SQLITE_CORRUPT"]);

function isDamage(error: unknown): error is Error {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && [...DAMAGE].some((each) => code.startsWith(each));
}

/** Runs something on the catalog at `path`. Rejects with CatalogUnusable where the file is damaged. */
export async function namingDamage<T>(path: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const damage = isDamage(error) ? error : isDamage((error as Error).cause) ? (error as Error).cause : undefined;
    if (!(damage instanceof Error)) throw error;
    throw new CatalogUnusable(
      `the catalog ${path} is damaged (${damage.message}). Move it away, with its -wal and -shm files, and restore a ` +
        "backup with cess-s3 restore. Without a backup, the sqlite3 shell can save what is readable: " +
        `sqlite3 ${path} .recover | sqlite3 recovered.sqlite. Do not start without it: the staged bytes that it names ` +
        "would count as orphans",
      { cause: error },
    );
  }
}

import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CatalogFile } from "../../catalog/sqlite/catalog-file.js";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { measureDisk } from "../../files/disk-space.js";
import { syncFile, syncFolder } from "../../files/folder-sync.js";
import { CATALOG_MARK } from "../../maintenance/catalog-guard.js";
import { isBlobId } from "../../blobs/blob-id.js";
import { isAuditLog, UNFINISHED_RESTORE } from "../data-folder.js";
import { LOCK_FILES } from "../folder-lock.js";
import { JsonFileStore } from "../json-file-store.js";
import { readableBytes, type Progress } from "../progress.js";
import { ArchiveReader, type ArchiveFile } from "./archive-reader.js";
import { fileOf } from "./backup.js";
import { CATALOG, KEYS, type Beginning } from "./format.js";

export interface RestoreSettings {
  readonly file: string;
  /** A data folder that the caller has locked. */
  readonly dataDir: string;
  readonly progress: Progress;
}

export interface RestoreResult {
  readonly beginning: Beginning;
  readonly files: number;
  readonly bytes: number;
  /** Staged blobs that the catalog links and that were not in the backup. */
  readonly missing: number;
}

/** What may be in the folder: keys are backed up apart, and of earlier tries there is a record. */
const mayBeThere = (name: string) =>
  [...Object.values(LOCK_FILES), KEYS, "lost+found"].includes(name) || isAuditLog(name);

/**
 * Puts a backup into an empty data folder. All of it is verified and on the disk before anything has its name; the
 * catalog gets its last. Rejects with ConfigError.
 */
export async function restore({ file, dataDir, progress }: RestoreSettings): Promise<RestoreResult> {
  const keysThere = await requireEmpty(dataDir);
  const archive = await openArchive(file, dataDir);
  if (archive.beginning.keys && keysThere)
    throw new ConfigError(
      `${join(dataDir, KEYS)} is there, and the backup has a key file, too: move one away, since they may differ`,
    );
  const unfinished = join(dataDir, UNFINISHED_RESTORE);
  await mkdir(unfinished, { mode: 0o700 });
  try {
    let bytes = 0;
    const result = await archive.eachFile((one) =>
      writeFile(unfinished, one, (count) => {
        bytes += count;
        progress.show(() => `${readableBytes(bytes)} restored`);
      }),
    );
    progress.show(() => "checking the catalog");
    const missing = await renew(unfinished, archive.beginning);
    await moveInto(dataDir, unfinished);
    return { beginning: archive.beginning, ...result, missing };
  } catch (error) {
    // What has a name already stays, with the folder that says so.
    if ((await namesOf(dataDir)).length === 0) await rm(unfinished, { recursive: true, force: true });
    throw explained(error);
  } finally {
    progress.end();
  }
}

/** Returns whether a key file is there. */
async function requireEmpty(dataDir: string): Promise<boolean> {
  const names = await readdir(dataDir);
  const others = names.filter((name) => !mayBeThere(name));
  if (others.length > 0)
    throw new ConfigError(
      `the folder ${dataDir} is not empty (${others.slice(0, 5).join(", ")}${others.length > 5 ? ", …" : ""}): a backup is ` +
        "restored into an empty one only. Name another folder in dataDir (CESS_S3_DATA_DIR), or move these away. Only keys.json and audit.log may be there",
    );
  return names.includes(KEYS);
}

async function openArchive(file: string, dataDir: string): Promise<ArchiveReader> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new ConfigError(`cannot read the backup ${file}: ${reasonOf(cause)}`, { cause });
  });
  const { free } = await measureDisk(dataDir);
  if (free < found.size)
    throw new ConfigError(`the disk of ${dataDir} has ${free} bytes free, and the backup has ${found.size}`);
  return ArchiveReader.open(file);
}

async function writeFile(
  folder: string,
  { name, chunks }: ArchiveFile,
  onBytes: (count: number) => void,
): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      onBytes(chunk.length);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * The restored catalog counts as another one than that which was backed up: a copy of the latter that turns up later is
 * noticed. Returns how many of its blobs are missing.
 */
async function renew(folder: string, { generation }: Beginning): Promise<number> {
  const path = join(folder, CATALOG);
  if (!(await stat(path).catch(() => undefined))) throw new ConfigError("the backup has no catalog in it");
  const catalog = await CatalogFile.open(path);
  let missing = 0;
  try {
    for (const blob of catalog.linkedBlobs())
      if (!isBlobId(blob) || !(await stat(join(folder, fileOf(blob))).catch(() => undefined))) missing++;
    const mark = catalog.renew(randomBytes(16).toString("hex"));
    await new JsonFileStore({ folder }).set(CATALOG_MARK, {
      ...mark,
      restored: new Date().toISOString(),
      fromGeneration: generation,
    });
  } finally {
    catalog.close();
  }
  await syncFile(path);
  return missing;
}

async function moveInto(dataDir: string, unfinished: string): Promise<void> {
  const names = (await readdir(unfinished)).filter((name) => name !== CATALOG);
  await syncTree(unfinished);
  for (const name of [...names, CATALOG]) await rename(join(unfinished, name), join(dataDir, name));
  await syncFolder(dataDir);
  await rm(unfinished, { recursive: true });
  await syncFolder(dataDir);
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  await syncFolder(folder);
}

async function namesOf(dataDir: string): Promise<string[]> {
  return (await readdir(dataDir)).filter((name) => !mayBeThere(name) && name !== UNFINISHED_RESTORE);
}

function explained(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new ConfigError(`${reasonOf(error)}; nothing was restored`, { cause: error })
    : error;
}

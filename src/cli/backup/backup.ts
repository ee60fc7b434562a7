import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isBlobId, placeInPack } from "../../blobs/blob-id.js";
import { CatalogFile } from "../../catalog/sqlite/catalog-file.js";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { CATALOG_MARK, catalogFault, toMark } from "../../maintenance/catalog-guard.js";
import type { BlobId } from "../../model/object.js";
import { ThreadPool } from "../../threads/thread-pool.js";
import { JsonFileStore } from "../json-file-store.js";
import { readableBytes, type Progress } from "../progress.js";
import { ArchiveWriter } from "./archive-writer.js";
import type { CatalogCalls } from "./catalog-thread.js";
import { BEGINNING, CATALOG, END, KEYS, type Beginning } from "./format.js";

export interface BackupSettings {
  readonly dataDir: string;
  /** The archive; it must not exist. */
  readonly file: string;
  /** A key file to take along; by default none is. */
  readonly keyFile?: string;
  /** Nothing writes to the catalog: its mark can be trusted to the last. */
  readonly alone: boolean;
  /** Throws when staged blobs may have been removed while they were read. */
  readonly requireHeld: () => void;
  readonly progress: Progress;
}

export interface BackupResult {
  readonly files: number;
  readonly bytes: number;
  /** Blobs that the catalog links and that are not there. */
  readonly missing: readonly BlobId[];
}

/**
 * The catalog of one moment, and every staged blob that it links, in one archive. Blobs must not be removed meanwhile: the
 * caller has locked the data folder, or holds removals in the gateway that has. Rejects with ConfigError, and leaves
 * nothing then.
 */
export async function backUp(settings: BackupSettings): Promise<BackupResult> {
  const { dataDir, file, progress } = settings;
  await requireAbsent(file);
  const copy = `${file}.catalog.partial`;
  await begin(copy, file);
  try {
    progress.show(() => "copying the catalog");
    await copyCatalog(join(dataDir, CATALOG), copy);
    const catalog = await CatalogFile.open(copy);
    try {
      if (settings.alone) await requireNewest(dataDir, catalog);
      return await writeArchive(settings, catalog);
    } finally {
      catalog.close();
    }
  } finally {
    progress.end();
    for (const left of [copy, `${copy}-wal`, `${copy}-shm`, `${copy}-journal`]) await rm(left, { force: true });
  }
}

async function requireAbsent(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found) throw new ConfigError(`${file} exists already: a backup overwrites nothing, choose another name`);
  const folder = await stat(dirname(file)).catch((cause: unknown) => {
    throw new ConfigError(`${file}: cannot write there: ${reasonOf(cause)}`, { cause });
  });
  if (!folder.isDirectory()) throw new ConfigError(`${file}: ${dirname(file)} is not a folder`);
}

/** SQLite fills an empty file, and does not say why it cannot make one. */
async function begin(copy: string, file: string): Promise<void> {
  try {
    await rm(copy, { force: true });
    await writeFile(copy, "", { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new ConfigError(`${file}: cannot write there: ${reasonOf(error)}`, { cause: error });
  }
}

async function copyCatalog(from: string, to: string): Promise<void> {
  const threads = new ThreadPool<CatalogCalls>({
    module: new URL("./catalog-thread.js", import.meta.url),
    threads: 1,
  });
  const thread = threads.lease();
  try {
    await thread.call("copy", { from, to });
  } finally {
    thread.release();
    await threads.close();
  }
}

/** A backup of a catalog that went back would take the place of a better one. A running gateway refuses the hold then. */
async function requireNewest(dataDir: string, catalog: CatalogFile): Promise<void> {
  const mark = toMark(await new JsonFileStore({ folder: dataDir }).get(CATALOG_MARK));
  const fault = catalogFault(catalog.mark(), mark);
  if (fault !== undefined)
    throw new ConfigError(`${fault}. Decide first: put the newest catalog back, or cess-s3 fsck --accept-catalog`);
}

async function writeArchive(settings: BackupSettings, catalog: CatalogFile): Promise<BackupResult> {
  const { dataDir, file, keyFile, progress, requireHeld } = settings;
  const archive = await ArchiveWriter.open(file);
  const missing: BlobId[] = [];
  let bytes = 0;
  const add = async (name: string, path: string) => {
    const { size } = await stat(path);
    await archive.addFile(name, path, size, (count) => {
      bytes += count;
      progress.show(() => `${archive.files} files, ${readableBytes(bytes)} written`);
    });
  };
  try {
    const { catalog: id, generation } = catalog.mark();
    const beginning: Beginning = {
      format: 1,
      created: new Date().toISOString(),
      schema: catalog.schema ?? "",
      catalog: id,
      generation,
      keys: keyFile !== undefined,
    };
    await archive.addJson(BEGINNING, beginning);
    await add(CATALOG, catalog.path);
    for (const [name, path] of await stateFiles(dataDir)) await add(name, path);
    if (keyFile !== undefined) await add(KEYS, keyFile);
    const packs = new Set<string>();
    for (const blob of catalog.linkedBlobs()) {
      const name = isBlobId(blob) ? fileOf(blob) : undefined;
      if (name === undefined || packs.has(name)) continue;
      if (placeInPack(blob)) packs.add(name);
      const found = await stat(join(dataDir, name)).catch(() => undefined);
      if (found) await add(name, join(dataDir, name));
      else missing.push(blob);
    }
    requireHeld();
    await archive.addJson(END, { files: archive.files, bytes: archive.bytes });
    await archive.finish();
  } catch (error) {
    await archive.abandon(error);
    throw explained(file, error);
  }
  return { files: archive.files, bytes: archive.bytes, missing };
}

function explained(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new ConfigError(`${file}: ${reasonOf(error)}; nothing of the backup was kept`, { cause: error })
    : error;
}

/** The staged file that a blob is in, below the data folder. */
export function fileOf(blob: BlobId): string {
  const place = placeInPack(blob);
  return place ? `blobs/packs/${place.pack}` : `blobs/${blob.charAt(0)}/${blob}`;
}

async function stateFiles(dataDir: string): Promise<[string, string][]> {
  const names = await readdir(join(dataDir, "state")).catch(() => []);
  return names
    .filter((name) => /^[\w-]{1,64}\.json$/.test(name))
    .map((name) => [`state/${basename(name)}`, join(dataDir, "state", name)]);
}

import { constants, type Stats } from "node:fs";
import { access, mkdtemp, open, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { reasonOf } from "../../config/config-error.js";
import { defaultReserve, measureDisk, type DiskMeasure } from "../../files/disk-space.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const GIB = 2 ** 30;
/** Less room than this is too little for anything. */
const LEAST_ROOM = GIB;
const SYNCS = 8;
/** Bytes that are written before each sync: a small object and its row. */
const SYNC_BYTES = 16 * 1024;
/** A sync that takes longer keeps every PUT waiting, ms. */
const SLOW_SYNC_MS = 100;

const READING = 0o500;
const WRITING = 0o300;
const OTHERS = 0o077;

export interface DiskComponents {
  /** Measures the disk that an existing folder is on. */
  readonly measure: (folder: string) => Promise<DiskMeasure>;
}

export const systemDisk: DiskComponents = { measure: measureDisk };

export interface DataFolderSettings {
  readonly dataDir: string;
  /** Bytes that the cache may take. */
  readonly cacheBytes: number;
  /** Bytes that bodies leave free; by default as DiskSpace has it. */
  readonly reserveBytes: number | undefined;
}

const CHECK = "data folder";

/** The data folder: whether it can be used, by whom, how fast the disk is, and how much is free. */
export async function dataFolder(settings: DataFolderSettings, disk: DiskComponents = systemDisk): Promise<Finding[]> {
  const { dataDir } = settings;
  const usable = await folderUse(dataDir);
  if (usable.level === "error") return [usable];
  const path = resolve(dataDir);
  const folder = await nearestFolder(path);
  return [usable, await speed(folder.path), await space(folder.path, path, settings, disk)];
}

/** Whether the data folder can be used, and by whom. */
export async function folderUse(dataDir: string): Promise<Finding> {
  const path = resolve(dataDir);
  try {
    return await usability(path, await nearestFolder(path));
  } catch (error) {
    const remedy = "name another folder in dataDir (CESS_S3_DATA_DIR)";
    return failure(CHECK, `cannot use ${path}: ${reasonOf(error)}`, remedy);
  }
}

/** The folder itself, or where it is not there yet, the one that it would be made in. */
async function nearestFolder(path: string): Promise<{ readonly path: string; readonly found: Stats }> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) throw Object.assign(new Error("it is not a folder"), { code: "EEXIST" });
    return { path, found };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    return nearestFolder(dirname(path));
  }
}

/**
 * Judged by the mode, too: nothing is forbidden to root, and a folder that its owner may not write is a mistake all the
 * same.
 */
async function usability(path: string, { path: existing, found }: { path: string; found: Stats }): Promise<Finding> {
  const mode = found.mode & 0o777;
  const bits = mode.toString(8).padStart(4, "0");
  const refused = await access(existing, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => undefined,
    (error: unknown) => reasonOf(error),
  );
  const isThere = existing === path;
  if (refused !== undefined || (isThere && (mode & (READING | WRITING)) !== (READING | WRITING)))
    return failure(
      CHECK,
      `${existing} cannot be written (mode ${bits})${refused === undefined ? "" : `: ${refused}`}`,
      `chown it to the gateway's user and chmod 700 ${existing}, or name another folder in dataDir`,
    );
  if (!isThere) return ok(CHECK, `${path} is made at the first start`);
  if ((mode & OTHERS) !== 0)
    return warning(
      CHECK,
      `others than its owner may enter ${path} (mode ${bits})`,
      `chmod 700 ${path}: it holds objects, names and keys`,
    );
  return ok(CHECK, `${path} can be used, by its owner alone`);
}

/** The fastest of a few syncs: what the disk can do, however busy it is. */
async function speed(folder: string): Promise<Finding> {
  let temporary: string | undefined;
  try {
    temporary = await mkdtemp(join(folder, ".cess-s3-doctor-"));
    const ms = await fastestSync(join(temporary, "sync"));
    const text = `a sync takes ${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
    if (ms <= SLOW_SYNC_MS) return ok("disk speed", text);
    return warning("disk speed", `${text}, and every PUT waits for one`, "use a faster disk for dataDir");
  } catch (error) {
    return failure(
      "disk speed",
      `cannot write in ${folder}: ${reasonOf(error)}`,
      "correct the disk, or name another dataDir",
    );
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}

async function fastestSync(path: string): Promise<number> {
  const file = await open(path, "w");
  try {
    let best = Infinity;
    for (let n = 0; n < SYNCS; n++) {
      const started = performance.now();
      await file.write(Buffer.alloc(SYNC_BYTES, n), 0, SYNC_BYTES, n * SYNC_BYTES);
      await file.sync();
      best = Math.min(best, performance.now() - started);
    }
    return best;
  } finally {
    await file.close();
  }
}

async function space(
  folder: string,
  path: string,
  { cacheBytes, reserveBytes }: DataFolderSettings,
  disk: DiskComponents,
): Promise<Finding> {
  const { free, total } = await disk.measure(folder);
  const reserve = reserveBytes ?? defaultReserve(total);
  const room = free - reserve;
  const text = `${inGib(free)} GiB are free at ${path}, and ${inGib(reserve)} GiB of them are kept in reserve`;
  if (room < LEAST_ROOM)
    return failure("disk space", `only ${text}`, "free space, or name a folder on a larger disk in dataDir");
  if (room < cacheBytes)
    return warning(
      "disk space",
      `${text}; the cache alone may take ${inGib(cacheBytes)} GiB (cache.disk)`,
      "lower cache.disk, or use a larger disk: staged objects need room, too",
    );
  return ok("disk space", text);
}

const inGib = (bytes: number) => (bytes / GIB).toFixed(1);

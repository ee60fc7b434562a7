import { constants, type Stats } from "node:fs";
import { access, mkdtemp, open, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { reasonOf } from "../../config/config-error.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const GIB = 2 ** 30;
/** Less free space than this is too little for anything. */
const LEAST_FREE = GIB;
const SYNCS = 8;
/** Bytes that are written before each sync: a small object and its row. */
const SYNC_BYTES = 16 * 1024;
/** A sync that takes longer keeps every PUT waiting, ms. */
const SLOW_SYNC_MS = 100;

const READING = 0o500;
const WRITING = 0o300;
const OTHERS = 0o077;

export interface DiskComponents {
  /** Bytes that this user may still write at a path. */
  readonly free: (path: string) => Promise<number>;
}

export const systemDisk: DiskComponents = {
  async free(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

const CHECK = "data folder";

/** The data folder: whether it can be used, by whom, how fast the disk is, and how much is free. */
export async function dataFolder(
  { dataDir, cacheBytes }: { readonly dataDir: string; readonly cacheBytes: number },
  disk: DiskComponents = systemDisk,
): Promise<Finding[]> {
  const usable = await folderUse(dataDir);
  if (usable.level === "error") return [usable];
  const path = resolve(dataDir);
  const folder = await nearestFolder(path);
  return [usable, await speed(folder.path), await space(folder.path, path, cacheBytes, disk)];
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

async function space(folder: string, path: string, cacheBytes: number, disk: DiskComponents): Promise<Finding> {
  const free = await disk.free(folder);
  const text = `${inGib(free)} GiB are free at ${path}`;
  if (free < LEAST_FREE)
    return failure("disk space", `only ${text}`, "free space, or name a folder on a larger disk in dataDir");
  if (free < cacheBytes)
    return warning(
      "disk space",
      `${text}, and the cache alone may take ${inGib(cacheBytes)} GiB (cache.disk)`,
      "lower cache.disk, or use a larger disk: staged objects need room, too",
    );
  return ok("disk space", text);
}

const inGib = (bytes: number) => (bytes / GIB).toFixed(1);

import type { Stats } from "node:fs";
import { access, chmod, constants, lstat, mkdir, mkdtemp, opendir, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { syncFolder } from "../files/folder-sync.js";
import { ConfigError, reasonOf } from "../config/config-error.js";
import { FolderLock } from "./folder-lock.js";

export interface DataFolderSettings {
  readonly path: string;
  /** The setting that names it, for messages: `dataDir (CESS_S3_DATA_DIR)`, or a command's option. */
  readonly setting: string;
  /** Names that the program gives to what is in the folder; nothing else in it is touched. */
  readonly contents: RegExp;
  /** Named in the message of a process that finds the folder in use: `cess-s3 serve`. */
  readonly command: string;
}

/** Another process has the folder. */
export class FolderInUse extends ConfigError {
  constructor(
    /** Who that is, in words. */
    readonly holder: string,
    setting: string,
    options?: ErrorOptions,
  ) {
    super(`${holder}: end that process first, or choose another folder in ${setting}`, { ...options, key: "dataDir" });
  }
}

export interface FolderLog {
  warn(fields: object, message: string): void;
}

const GATEWAY_CONTENTS =
  /^(?:catalog\.sqlite(?:-\w+|\.schema-.+)?|catalog-mark\.json(?:\.new)?|gateway\.json(?:\.new)?|keys\.json(?:\..+)?|lock\.(?:sqlite|json)|audit\.log(?:\.\d+)?|blobs|spool|cache|restore\.partial|state|access-logs|network|background\.sock|processes\.sqlite)$/;
const NETWORK_CONTENTS = /^(?:lock\.(?:sqlite|json)|ports\.json|chain|node\d+)$/;
const NODE_CONTENTS = /^(?:lock\.(?:sqlite|json)|incoming|[0-9a-f]{64})$/;
/** Where a restore puts what it has not verified as a whole yet. */
export const UNFINISHED_RESTORE = "restore.partial";
/** Of a file's name in a data folder: the record of administrative acts. */
export const isAuditLog = (name: string) => /^audit\.log(?:\.\d+)?$/.test(name);
/** Made by the file system itself. */
const FILE_SYSTEMS = "lost+found";

/** Bits of a mode: the rights of the group and of everyone else. */
const OTHERS = 0o077;
const OWNER = 0o700;
const STICKY = 0o1000;

/** A command's folder on the disk, locked while the command runs, and closed to other users. */
export class DataFolder {
  private constructor(
    readonly path: string,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Makes the folder if need be, locks it, and takes other users' rights away from what earlier versions left open.
   * Nothing in it is touched before it is locked. Rejects with ConfigError when the folder cannot be made or written, or
   * is in use.
   */
  static async open(log: FolderLog, settings: DataFolderSettings): Promise<DataFolder> {
    const { setting, contents, command } = settings;
    const path = resolve(settings.path);
    try {
      await makeFolder(path);
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new ConfigError(`${setting}: cannot use the folder ${path}: ${reasonOf(cause)}`, { cause, key: "dataDir" });
    }
    const lock = await take(path, command, setting);
    try {
      await closeFolder(path, contents, log);
    } catch (error) {
      lock.release();
      throw error;
    }
    return new DataFolder(path, lock);
  }

  /** Releases the folder: another process may use it. */
  close(): void {
    this.lock.release();
  }
}

/**
 * The data folder of a gateway, for a command that runs one or writes what one reads. As `DataFolder.open`; rejects with
 * ConfigError, too, where a restore was not finished, unless it is for one.
 */
export async function openGatewayFolder(
  path: string,
  command: string,
  log: FolderLog,
  restoring = false,
): Promise<DataFolder> {
  const setting = "dataDir (CESS_S3_DATA_DIR)";
  const folder = await DataFolder.open(log, { path, command, setting, contents: GATEWAY_CONTENTS });
  if (restoring || !(await exists(join(folder.path, UNFINISHED_RESTORE)))) return folder;
  folder.close();
  throw new ConfigError(
    `a restore into the folder ${folder.path} was not finished: remove all that is in it, and run cess-s3 restore again`,
  );
}

/** The dev network's folder in a data folder: a gateway may use the data folder meanwhile. As `DataFolder.open`. */
export function openNetworkFolder(dataDir: string, command: string, log: FolderLog): Promise<DataFolder> {
  return DataFolder.open(log, {
    path: join(dataDir, "network"),
    command,
    setting: "dataDir (CESS_S3_DATA_DIR)",
    contents: NETWORK_CONTENTS,
  });
}

/** The data folder of a storage node. As `DataFolder.open`. */
export function openNodeFolder(path: string, command: string, log: FolderLog): Promise<DataFolder> {
  return DataFolder.open(log, { path, command, setting: "dataDir (CESS_S3_NODE_DATA_DIR)", contents: NODE_CONTENTS });
}

async function take(path: string, command: string, setting: string): Promise<FolderLock> {
  try {
    return FolderLock.take(path, command);
  } catch (cause) {
    if (cause instanceof ConfigError) throw new FolderInUse(cause.message, setting, { cause });
    // SQLite does not say why it cannot open a file.
    await requireWritable(path, setting);
    throw new ConfigError(`${setting}: the folder ${path} cannot be locked: ${reasonOf(cause)}`, {
      cause,
      key: "dataDir",
    });
  }
}

/** ConfigError where nothing can be made in the folder. */
async function requireWritable(path: string, setting: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(path, ".write-test-")));
  } catch (cause) {
    throw new ConfigError(`${setting}: cannot use the folder ${path}: ${reasonOf(cause)}`, { cause, key: "dataDir" });
  }
}

/**
 * Makes the folder with those above it; their names survive a power cut. Node's `recursive` is not used: below a folder
 * that exists but takes no entries, such as /proc, it never returns.
 */
async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { mode: OWNER }).then(
    () => true,
    async (error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST" && (await stat(path)).isDirectory()) return false;
      const parent = dirname(path);
      if (code !== "ENOENT") throw error;
      if (await exists(parent)) throw new Error(`it is not there, and ${parent} takes no new folders`);
      await makeFolder(parent);
      await mkdir(path, { mode: OWNER });
      return true;
    },
  );
  if (made) await syncFolder(dirname(path));
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Takes other users' rights away from the folder and from what the program made in it. */
async function closeFolder(path: string, contents: RegExp, log: FolderLog): Promise<void> {
  const found = await stat(path);
  let foreign = false;
  for await (const { name } of await opendir(path)) {
    if (contents.test(name)) await tighten(join(path, name));
    else if (name !== FILE_SYSTEMS) foreign = true;
  }
  if ((found.mode & OTHERS) === 0) return;
  // Root may change any folder: one with other things in it could be part of the system.
  const shared = (found.mode & STICKY) !== 0 || (found.uid === 0 && foreign);
  if (isOurs(found) && !shared) await chmod(path, OWNER);
  else
    log.warn(
      { folder: path },
      `other users may enter the data folder ${path}, which is shared or not this user's: use a folder of its own, with mode 0700`,
    );
}

/**
 * Takes other users' rights away from a file, or from a folder with all in it. A folder is closed after its contents, so
 * one that is closed already needs no search. Symbolic links are left alone, with what they lead to.
 */
async function tighten(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink() || !isOurs(found) || (found.mode & OTHERS) === 0) return;
  if (found.isDirectory()) for await (const { name } of await opendir(path)) await tighten(join(path, name));
  await chmod(path, found.mode & OWNER);
}

/** Only its owner may change a file's mode. False on Windows, which has neither. */
function isOurs({ uid }: Stats): boolean {
  return uid === process.getuid?.();
}

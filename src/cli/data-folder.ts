import type { Stats } from "node:fs";
import { access, chmod, constants, lstat, mkdir, opendir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { syncFolder } from "../blobs/folder-sync.js";
import { ConfigError, reasonOf } from "../config/config-error.js";
import { FolderLock } from "./folder-lock.js";

export interface DataFolderSettings {
  readonly path: string;
  /** The setting that names it, for messages: `dataDir (CESS_S3_DATA_DIR)`. */
  readonly setting: string;
  /** Names that the program gives to what is in the folder; nothing else in it is touched. */
  readonly contents: RegExp;
  /** What others are told who find the folder in use: `cess-s3 serve`. */
  readonly command: string;
}

export interface FolderLog {
  warn(fields: object, message: string): void;
}

const GATEWAY_CONTENTS =
  /^(?:catalog\.sqlite(?:-\w+)?|keys\.json(?:\..+)?|lock\.(?:sqlite|json)|blobs|cache|state|access-logs|network)$/;
const NODE_CONTENTS = /^(?:lock\.(?:sqlite|json)|incoming|[0-9a-f]{64})$/;
/** The file system's own. */
const NOBODYS = "lost+found";

/** The bits of a mode that are others' rights: of the group, and of everyone. */
const OTHERS = 0o077;
const OWNER = 0o700;
const STICKY = 0o1000;

/** A command's folder on the disk: its own as long as it runs, and readable by no other user. */
export class DataFolder {
  private constructor(
    readonly path: string,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Makes the folder if need be, locks it, and takes others' rights away from what earlier versions left open; nothing
   * in it is touched before it is locked. Rejects with ConfigError when the folder cannot be made or written, or is in
   * use.
   */
  static async open(log: FolderLog, settings: DataFolderSettings): Promise<DataFolder> {
    const { setting, contents, command } = settings;
    const path = resolve(settings.path);
    try {
      await makeFolder(path);
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new ConfigError(`${setting}: cannot use the folder ${path}: ${reasonOf(cause)}`, { cause });
    }
    const lock = take(path, command, setting);
    try {
      await closeFolder(path, contents, log);
    } catch (error) {
      lock.release();
      throw error;
    }
    return new DataFolder(path, lock);
  }

  /** Lets others have the folder. */
  close(): void {
    this.lock.release();
  }
}

/** The data folder of a gateway, for a command that runs one or writes what one reads. As `DataFolder.open`. */
export function openGatewayFolder(path: string, command: string, log: FolderLog): Promise<DataFolder> {
  return DataFolder.open(log, { path, command, setting: "dataDir (CESS_S3_DATA_DIR)", contents: GATEWAY_CONTENTS });
}

/** The data folder of a storage node. As `DataFolder.open`. */
export function openNodeFolder(path: string, command: string, log: FolderLog): Promise<DataFolder> {
  return DataFolder.open(log, { path, command, setting: "dataDir (CESS_S3_NODE_DATA_DIR)", contents: NODE_CONTENTS });
}

function take(path: string, command: string, setting: string): FolderLock {
  try {
    return FolderLock.take(path, command);
  } catch (cause) {
    if (cause instanceof ConfigError)
      throw new ConfigError(`${cause.message}: end that process first, or choose another folder in ${setting}`, {
        cause,
      });
    throw new ConfigError(`${setting}: the folder ${path} cannot be locked: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Its name survives a power cut. Not by Node's `recursive`, which never ends where a folder says that it exists and
 * takes no entries, as /proc.
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

/** Others may neither enter the folder nor read what the program made in it. */
async function closeFolder(path: string, contents: RegExp, log: FolderLog): Promise<void> {
  const found = await stat(path);
  let foreign = false;
  for await (const { name } of await opendir(path)) {
    if (contents.test(name)) await tighten(join(path, name));
    else if (name !== NOBODYS) foreign = true;
  }
  if ((found.mode & OTHERS) === 0) return;
  // For root, whom every folder obeys, one that holds other things may be a part of the system.
  const shared = (found.mode & STICKY) !== 0 || (found.uid === 0 && foreign);
  if (isOurs(found) && !shared) await chmod(path, OWNER);
  else
    log.warn(
      { folder: path },
      `other users may enter the data folder ${path}, which is shared or not this user's: use a folder of its own, with mode 0700`,
    );
}

/**
 * Takes others' rights away from a file, or from a folder with all in it. A folder that is closed already hides what is
 * in it and is not searched: it is closed last, after its contents. What symbolic links lead to is left alone.
 */
async function tighten(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink() || !isOurs(found) || (found.mode & OTHERS) === 0) return;
  if (found.isDirectory()) for await (const { name } of await opendir(path)) await tighten(join(path, name));
  await chmod(path, found.mode & OWNER);
}

/** Only its owner may change a file's mode. Where there are no owners, as on Windows, there are no such modes either. */
function isOurs({ uid }: Stats): boolean {
  return uid === process.getuid?.();
}

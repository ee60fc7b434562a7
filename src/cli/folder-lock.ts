import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { z } from "zod";
import { ConfigError } from "../config/config-error.js";

/** How long another process that only tries the lock, at the same moment, may be in the way. */
const WAIT_MS = 300;

/** Names in the folder that belong to the lock. */
export const LOCK_FILES = { lock: "lock.sqlite", holder: "lock.json", children: "processes.sqlite" };

/** How long processes of a holder that died may take to end, ms: they are told at once. */
const CHILDREN_MS = 10_000;

/** `since` is ISO 8601. */
const holderSchema = z.object({ command: z.string(), pid: z.number(), host: z.string(), since: z.string() });
type Holder = z.output<typeof holderSchema>;

/**
 * One process uses a folder at a time. The lock is the one that SQLite takes on a database for an exclusive transaction:
 * a POSIX record lock, which the kernel drops when the process ends in whatever way, and which holds between containers
 * that share the folder on one machine. A file with a process id would say nothing there: ids are reused, and each
 * container has its own. Who holds it is written beside it, for messages alone.
 *
 * POSIX drops a process's locks on a file when that process closes any descriptor of it. So nothing here ever opens
 * `lock.sqlite` but SQLite, which knows this and keeps its descriptors. The file stays when the lock is given back:
 * removing it, two processes could lock two files of one name.
 */
export class FolderLock {
  private constructor(
    private readonly database: Database.Database,
    private readonly holderPath: string,
  ) {}

  /** `command` is what others are told of the holder. Throws ConfigError when another process, or this one, has it. */
  static take(folder: string, command: string): FolderLock {
    const holderPath = join(folder, LOCK_FILES.holder);
    const database = new Database(join(folder, LOCK_FILES.lock));
    try {
      database.pragma(`busy_timeout = ${WAIT_MS}`);
      // Nothing is ever written, so there is nothing to roll back.
      database.pragma("journal_mode = MEMORY");
      database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      if (!(error as { code?: string }).code?.startsWith("SQLITE_BUSY")) throw error;
      throw new ConfigError(`the folder ${folder} is in use by ${describe(readHolder(holderPath))}`, { cause: error });
    }
    try {
      awaitChildren(folder);
    } catch (error) {
      database.exec("ROLLBACK");
      database.close();
      throw error;
    }
    const holder: Holder = { command, pid: process.pid, host: hostname(), since: new Date().toISOString() };
    try {
      writeFileSync(holderPath, `${JSON.stringify(holder)}\n`);
    } catch {
      // A full disk: the lock holds without it.
    }
    return new FolderLock(database, holderPath);
  }

  /**
   * For a process that the holder has started: until it ends nobody else takes the lock, also when the holder has died.
   * Any number of processes do this.
   */
  static join(folder: string): void {
    const database = new Database(join(folder, LOCK_FILES.children));
    database.pragma(`busy_timeout = ${WAIT_MS}`);
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN");
    // Reading takes SQLite's shared lock. The connection is kept for as long as the process lives.
    database.prepare("select count(*) from sqlite_master").get();
    joined.push(database);
  }

  /** Who has the folder, for messages; undefined when nobody does, and when there is no such folder. */
  static holder(folder: string): string | undefined {
    if (!existsSync(join(folder, LOCK_FILES.lock))) return undefined;
    const database = new Database(join(folder, LOCK_FILES.lock));
    try {
      database.pragma("journal_mode = MEMORY");
      database.exec("BEGIN EXCLUSIVE");
      database.exec("ROLLBACK");
      return undefined;
    } catch (error) {
      if (!(error as { code?: string }).code?.startsWith("SQLITE_BUSY")) throw error;
      return describe(readHolder(join(folder, LOCK_FILES.holder)));
    } finally {
      database.close();
    }
  }

  /** Gives the lock back. */
  release(): void {
    rmSync(this.holderPath, { force: true });
    // The connection lives on until its statements are collected as garbage; the lock must not.
    this.database.exec("ROLLBACK");
    this.database.close();
  }
}

/** Locks of `join`, which must not be collected as garbage. */
const joined: Database.Database[] = [];

/** Waits until the processes of the holder before have ended. Throws ConfigError when they do not. */
function awaitChildren(folder: string): void {
  const path = join(folder, LOCK_FILES.children);
  if (!existsSync(path)) return;
  const database = new Database(path);
  try {
    database.pragma(`busy_timeout = ${CHILDREN_MS}`);
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    database.exec("ROLLBACK");
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith("SQLITE_BUSY")) throw error;
    throw new ConfigError(`the folder ${folder} is in use by processes of a gateway that was killed: end them`, {
      cause: error,
    });
  } finally {
    database.close();
  }
}

/** Undefined when it cannot be read: the holder may be writing it at this moment. */
function readHolder(path: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

function describe(holder: Holder | undefined): string {
  if (!holder) return "another process";
  const { command, pid, host, since } = holder;
  return `${command}, process ${pid} on host ${host}, since ${since}`;
}

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../files/folder-sync.js";
import { isMissing } from "./missing.js";
import type { PlaceFiles } from "./place-files.js";

/** A folder on a file system that several machines may share. */
export class FolderPlace implements PlaceFiles {
  constructor(readonly name: string) {}

  async read(file: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.name, file), "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async write(file: string, text: string): Promise<void> {
    const path = join(this.name, file);
    await mkdir(dirname(path), { recursive: true });
    // Another gateway may write the same file at the same time.
    const next = `${path}.${randomUUID()}`;
    await writeSynced(next, text);
    await rename(next, path);
    await syncFolder(dirname(path));
  }

  /** What the file system does not do that staging rests on, in words; undefined when it does all. The folder must exist. */
  async fault(): Promise<string | undefined> {
    const folder = join(this.name, `check.${randomUUID()}`);
    try {
      await mkdir(folder);
      for (const [what, works] of CHECKS)
        try {
          if (!(await works(folder))) return `${what} does not work there`;
        } catch (error) {
          return `${what} fails there: ${error instanceof Error ? error.message : String(error)}`;
        }
      return undefined;
    } catch (error) {
      return `nothing can be written there: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/** A step of a file's time in which a clock that goes forward must have moved, ms: FAT has 2 s. */
const CLOCK_MS = 2_100;

const CHECKS: readonly (readonly [what: string, works: (folder: string) => Promise<boolean>])[] = [
  [
    "making a file's bytes durable (fsync)",
    async (folder) => {
      await writeSynced(join(folder, "synced"), "bytes");
      return (await readFile(join(folder, "synced"), "utf8")) === "bytes";
    },
  ],
  [
    "making a folder's names durable (fsync)",
    async (folder) => {
      await syncFolder(folder);
      return true;
    },
  ],
  [
    "making a file only if there is none (O_EXCL)",
    async (folder) => {
      const make = async () => (await open(join(folder, "only"), "wx")).close();
      await make();
      return make().then(
        () => false,
        (error: unknown) => (error as NodeJS.ErrnoException).code === "EEXIST",
      );
    },
  ],
  [
    "replacing a file by another (rename)",
    async (folder) => {
      const [from, to] = [join(folder, "from"), join(folder, "to")];
      await writeSynced(to, "old");
      await writeSynced(from, "new");
      await rename(from, to);
      const gone = await stat(from).then(() => false, isMissing);
      return gone && (await readFile(to, "utf8")) === "new";
    },
  ],
  [
    "telling files' ages by their times",
    async (folder) => {
      const path = join(folder, "times");
      await writeSynced(path, "1");
      const { mtimeMs: first } = await stat(path);
      for (let waited = 0; waited < CLOCK_MS; waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await writeSynced(path, "2");
        if ((await stat(path)).mtimeMs > first) return true;
      }
      return false;
    },
  ],
  [
    "setting a file's time",
    async (folder) => {
      const path = join(folder, "set");
      await writeSynced(path, "1");
      const { mtimeMs } = await stat(path);
      const early = Math.floor(mtimeMs / 1000) - 86_400;
      await utimes(path, early, early);
      return Math.abs((await stat(path)).mtimeMs - early * 1000) < CLOCK_MS;
    },
  ],
];

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.write(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

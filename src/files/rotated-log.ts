import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./folder-sync.js";

/** Read and written by its owner alone. */
const MODE = 0o600;

export interface RotatedLogSettings {
  /** The newest file; older ones are `path.1`, `path.2` and so on, the oldest with the highest number. */
  readonly path: string;
  /** A line that would make the newest file larger begins a new one. */
  readonly fileBytes: number;
  /** Files that are kept, the newest among them. */
  readonly files: number;
}

/** Lines in a file that is only ever appended to, and begun anew when it is large. One process may write it. */
export class RotatedLog {
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly settings: RotatedLogSettings) {}

  /** Resolves when the line, to which a line end is added, is on the disk; rejects with the file system's error. */
  append(line: string): Promise<void> {
    const work = this.last.then(() => this.write(Buffer.from(`${line}\n`)));
    this.last = work.catch(() => undefined);
    return work;
  }

  private async write(bytes: Buffer): Promise<void> {
    const { path, fileBytes } = this.settings;
    const size = await sizeOf(path);
    if (size !== undefined && size > 0 && size + bytes.length > fileBytes) await this.rotate();
    const file = await open(path, "a", MODE);
    try {
      // A crash may have cut the last line: it must not take this one with it.
      await file.writeFile((await endsWhole(path)) ? bytes : Buffer.concat([Buffer.from("\n"), bytes]));
      await file.sync();
    } finally {
      await file.close();
    }
    if (size === undefined) await syncFolder(dirname(path));
  }

  private async rotate(): Promise<void> {
    const { path, files } = this.settings;
    const name = (age: number) => (age === 0 ? path : `${path}.${age}`);
    await rm(name(files - 1), { force: true });
    // From the oldest on: a crash in between leaves a gap, and loses nothing.
    for (let age = files - 2; age >= 0; age--)
      await rename(name(age), name(age + 1)).catch((error: unknown) => {
        if (!isAbsent(error)) throw error;
      });
    await syncFolder(dirname(path));
  }
}

/** Undefined where there is no file. */
function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    },
  );
}

const isAbsent = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

async function endsWhole(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size === 0) return true;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 0x0a;
  } finally {
    await file.close();
  }
}

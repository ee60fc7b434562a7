import { machine } from "./machine.js";
import type { SimulatedDisk, SimulatedFile } from "./simulated-disk.js";

/**
 * In the place of node:fs/promises for staging and the cache: the same calls on the simulated disk, each taking a
 * while. Whether a call that a kill cuts off has happened is for the dice to say.
 */
export async function act<T>(action: (disk: SimulatedDisk) => T): Promise<T> {
  const { owner, disk, random, diskMs } = machine();
  if (random() < 0.5) {
    const done = action(disk);
    await owner.sleep(diskMs());
    return done;
  }
  await owner.sleep(diskMs());
  return action(disk);
}

class Handle {
  constructor(
    private readonly path: string,
    private readonly file: SimulatedFile | undefined,
  ) {}

  private get content(): SimulatedFile {
    if (!this.file) throw new Error(`${this.path} is a folder`);
    return this.file;
  }

  /** Sometimes the kernel takes fewer bytes than it was given. */
  write(
    content: Uint8Array | string,
    offset = 0,
    length = content.length,
    position?: number,
  ): Promise<{ bytesWritten: number }> {
    // Taken at once: the caller may use its buffer for other bytes as soon as the call has resolved.
    const bytes = Buffer.from(content as Uint8Array).subarray(offset, offset + length);
    const { random } = machine();
    const taken = random() < 0.1 ? Math.ceil(random() * bytes.length) : bytes.length;
    return act((disk) => {
      disk.write(this.content, bytes.subarray(0, taken), position ?? this.content.bytes.length);
      return { bytesWritten: taken };
    });
  }

  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    return act(() => ({ bytesRead: this.content.bytes.copy(buffer, offset, position, position + length), buffer }));
  }

  stat(): Promise<{ mtimeMs: number; ino: number }> {
    return act(() => ({ mtimeMs: this.content.mtimeMs, ino: this.content.ino }));
  }

  async datasync(): Promise<void> {
    const { owner, diskMs } = machine();
    const written = this.content.bytes;
    await owner.sleep(2 * diskMs());
    this.content.durable = written;
  }

  async sync(): Promise<void> {
    if (this.file) return this.datasync();
    const { owner, disk, diskMs } = machine();
    const done = disk.folderSync(this.path);
    await owner.sleep(2 * diskMs());
    done();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export function open(path: string, flags: string): Promise<Handle> {
  return act((disk) => {
    if (flags === "wx" || flags === "w") return new Handle(path, disk.create(path, flags === "wx"));
    if (flags === "a" && disk.entry(path) === undefined) return new Handle(path, disk.create(path, true));
    return disk.entry(path) === "folder" ? new Handle(path, undefined) : new Handle(path, disk.file(path));
  });
}

export function mkdir(path: string): Promise<string | undefined> {
  return act((disk) => (disk.makeFolder(path) ? path : undefined));
}

export async function opendir(path: string): Promise<AsyncIterable<{ name: string }>> {
  const names = await readdir(path);
  return (async function* () {
    for (const name of names) yield await Promise.resolve({ name });
  })();
}

export function readdir(path: string): Promise<string[]> {
  return act((disk) => disk.names(path));
}

export function readFile(path: string): Promise<Buffer> {
  return act((disk) => Buffer.from(disk.file(path).bytes));
}

export function rename(from: string, to: string): Promise<void> {
  return act((disk) => disk.rename(from, to));
}

export function unlink(path: string): Promise<void> {
  return act((disk) => disk.unlink(path));
}

export function rmdir(path: string): Promise<void> {
  return act((disk) => disk.removeFolder(path));
}

export function rm(
  path: string,
  options: { readonly recursive?: boolean; readonly force?: boolean } = {},
): Promise<void> {
  return act((disk) => {
    if (options.recursive === true) disk.removeTree(path);
    else if (options.force !== true || disk.entry(path) !== undefined) disk.unlink(path);
  });
}

export function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  return act((disk) => disk.write(disk.create(path, false), bytes, 0));
}

/** A `Date` is the present one: its constructor does not know of virtual time. A number is in seconds. */
export function utimes(path: string, _accessed: Date | number, modified: Date | number): Promise<void> {
  return act((disk) => {
    disk.file(path).mtimeMs = typeof modified === "number" ? modified * 1000 : machine().owner.now();
  });
}

export function stat(path: string): Promise<{ isFile(): boolean; size: number; mtimeMs: number; ino?: number }> {
  return act((disk) => {
    if (disk.entry(path) === "folder") return { isFile: () => false, size: 0, mtimeMs: disk.changedAt(path) };
    const { bytes, mtimeMs, ino } = disk.file(path);
    return { isFile: () => true, size: bytes.length, mtimeMs, ino };
  });
}

export function statfs(): Promise<{ bavail: number; blocks: number; bsize: number }> {
  return act((disk) => ({ bavail: disk.free, blocks: Number.MAX_SAFE_INTEGER, bsize: 1 }));
}

import { dirname, join } from "node:path";

/** A file's bytes as the processes see them, and what of them has reached the platters. */
export class SimulatedFile {
  private static made = 0;
  /** Tells it from another file that has its name. */
  readonly ino = ++SimulatedFile.made;
  bytes = Buffer.alloc(0);
  durable = Buffer.alloc(0);
  mtimeMs = 0;
}

type Entry = SimulatedFile | "folder";

/**
 * A disk behind a page cache. A killed process loses nothing of it; a power cut loses what was not synced: bytes of
 * files, and names in folders, each for itself.
 */
export class SimulatedDisk {
  private readonly entries = new Map<string, Entry>();
  private readonly durable = new Map<string, Entry>();
  /** When a name in a folder was last made or removed. */
  private readonly changed = new Map<string, number>();
  /** Bytes left; writing more is ENOSPC. */
  free = Number.MAX_SAFE_INTEGER;

  /** `now`: the disk's own clock, ms; without one files keep the time 0 until they are given another. */
  constructor(private readonly now: () => number = () => 0) {}

  entry(path: string): Entry | undefined {
    return this.entries.get(path);
  }

  /** The file, or the error that Node would throw. */
  file(path: string): SimulatedFile {
    const entry = this.entries.get(path);
    if (!(entry instanceof SimulatedFile)) throw fault("ENOENT", path);
    return entry;
  }

  create(path: string, exclusive: boolean): SimulatedFile {
    if (exclusive && this.entries.has(path)) throw fault("EEXIST", path);
    if (this.entries.get(dirname(path)) !== "folder") throw fault("ENOENT", path);
    const file = new SimulatedFile();
    file.mtimeMs = this.now();
    this.entries.set(path, file);
    this.noteChange(path);
    return file;
  }

  /** A folder's own name is taken to be durable at once. */
  makeFolder(path: string): boolean {
    if (this.entries.has(path)) return false;
    const above = dirname(path);
    if (above !== path) this.makeFolder(above);
    this.entries.set(path, "folder");
    this.durable.set(path, "folder");
    this.changed.set(path, this.now());
    this.noteChange(path);
    return true;
  }

  /** When a folder was last changed, ms. */
  changedAt(folder: string): number {
    return this.changed.get(folder) ?? 0;
  }

  private noteChange(path: string): void {
    this.changed.set(dirname(path), this.now());
  }

  write(file: SimulatedFile, bytes: Uint8Array, position: number): void {
    const grown = Math.max(file.bytes.length, position + bytes.byteLength);
    this.free -= grown - file.bytes.length;
    if (this.free < 0) {
      this.free += grown - file.bytes.length;
      throw fault("ENOSPC", "");
    }
    const next = Buffer.alloc(grown);
    next.set(file.bytes);
    next.set(bytes, position);
    file.bytes = next;
    file.mtimeMs = this.now();
  }

  rename(from: string, to: string): void {
    const file = this.file(from);
    this.entries.delete(from);
    this.entries.set(to, file);
    this.noteChange(from);
    this.noteChange(to);
  }

  unlink(path: string): void {
    this.free += this.file(path).bytes.length;
    this.entries.delete(path);
    this.noteChange(path);
  }

  names(folder: string): string[] {
    if (this.entries.get(folder) !== "folder") throw fault("ENOENT", folder);
    return [...this.entries.keys()]
      .filter((path) => path !== folder && dirname(path) === folder)
      .map((path) => path.slice(folder.length + 1));
  }

  removeFolder(folder: string): void {
    if (this.names(folder).length > 0) throw fault("ENOTEMPTY", folder);
    this.removeTree(folder);
  }

  removeTree(folder: string): void {
    for (const path of this.entries.keys())
      if (path === folder || path.startsWith(`${folder}/`)) this.entries.delete(path);
  }

  /** What a folder sync that begins now will have made durable when it ends. */
  folderSync(folder: string): () => void {
    const seen = new Map(this.names(folder).map((name) => [join(folder, name), this.entries.get(join(folder, name))!]));
    return () => {
      for (const path of this.durable.keys())
        if (dirname(path) === folder && path !== folder && !seen.has(path)) this.durable.delete(path);
      for (const [path, entry] of seen) this.durable.set(path, entry);
    };
  }

  /** Of every change that was not synced the dice say whether it happened; of unsynced bytes, how many. */
  powerCut(random: () => number): void {
    for (const path of new Set([...this.entries.keys(), ...this.durable.keys()])) {
      const now = this.entries.get(path);
      const before = this.durable.get(path);
      const kept = now === before || random() < 0.5 ? now : before;
      if (kept === undefined) this.entries.delete(path);
      else this.entries.set(path, kept);
    }
    const files = new Set([...this.entries.values()].filter((entry) => entry instanceof SimulatedFile));
    for (const file of files) {
      if (file.bytes.length > file.durable.length) {
        const length = file.durable.length + Math.floor(random() * (file.bytes.length - file.durable.length + 1));
        file.bytes = Buffer.concat([file.durable, file.bytes.subarray(file.durable.length, length)]);
      }
      file.durable = file.bytes;
    }
    this.durable.clear();
    for (const [path, entry] of this.entries) this.durable.set(path, entry);
  }

  /** Paths of all files below a folder. */
  files(folder: string): string[] {
    return [...this.entries]
      .filter(([path, entry]) => entry !== "folder" && path.startsWith(`${folder}/`))
      .map(([path]) => path);
  }
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

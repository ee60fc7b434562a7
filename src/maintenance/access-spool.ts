import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "../model/errors.js";

export const SPOOL_DEFAULTS = {
  /** Limit of lines in memory that are not on the disk yet, bytes; lines beyond it are dropped. */
  memoryBytes: 4 * 1024 * 1024,
  /** Limit of all lines that wait, in memory and on the disk, bytes; lines beyond it are dropped. */
  diskBytes: 256 * 1024 * 1024,
  /** A file of this size is delivered at once, bytes. */
  fileBytes: 32 * 1024 * 1024,
  /** How long lines are collected for one object, ms. */
  intervalMs: 3_600_000,
};
export type SpoolSettings = typeof SPOOL_DEFAULTS;

export interface SpoolComponents {
  readonly folder: string;
  readonly log: { warn(fields: object, message: string): void };
  /** Whether the disk has room for so many bytes; always, when absent. */
  readonly fits?: ((bytes: number) => Promise<boolean>) | undefined;
}

/** Lines of one bucket and of one day. */
export interface SpoolFile {
  readonly bucket: string;
  /** Arrival of its first line, ms since 1970. It is part of the file's name. */
  readonly begun: number;
  readonly path: string;
  readonly bytes: number;
}

interface OpenFile extends SpoolFile {
  bytes: number;
  waiting: string[];
}

const DAY_MS = 86_400_000;
const dayOf = (ms: number) => Math.floor(ms / DAY_MS);

/**
 * Access log lines that are not delivered yet: in memory for a moment, then in files, one for each bucket and day.
 * Requests never wait for it: lines beyond the limits are dropped and counted. Files of an earlier run are delivered,
 * too.
 */
export class AccessSpool {
  private readonly open = new Map<string, OpenFile>();
  private readonly closed = new Map<string, SpoolFile>();
  private waitingBytes = 0;
  private totalBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private droppedLines = 0;

  private constructor(
    private readonly components: SpoolComponents,
    private readonly settings: SpoolSettings,
  ) {}

  static async open(components: SpoolComponents, settings: Partial<SpoolSettings> = {}): Promise<AccessSpool> {
    const spool = new AccessSpool(components, { ...SPOOL_DEFAULTS, ...settings });
    const { folder } = components;
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      const file = fileNamed(name);
      if (file) await spool.add(file, join(folder, name));
    }
    return spool;
  }

  /** Takes over the files in folders within its own whose names fit: those of processes that there are no more. */
  async adopt(fits: (folder: string) => boolean): Promise<void> {
    const { folder } = this.components;
    for (const name of await readdir(folder)) {
      if (!fits(name)) continue;
      const foreign = join(folder, name);
      for (const found of await readdir(foreign)) {
        const file = fileNamed(found);
        if (!file) continue;
        let { begun } = file;
        const path = () => join(folder, `${file.bucket}_${begun}.log`);
        while (this.closed.has(path())) begun++;
        await rename(join(foreign, found), path());
        await this.add({ ...file, begun }, path());
      }
      await rm(foreign, { recursive: true, force: true });
    }
  }

  private async add(file: Pick<SpoolFile, "bucket" | "begun">, path: string): Promise<void> {
    const { size: bytes } = await stat(path);
    this.closed.set(path, { ...file, path, bytes });
    this.totalBytes += bytes;
  }

  get dropped(): number {
    return this.droppedLines;
  }

  /** Counts lines that were dropped elsewhere. */
  drop(lines: number): void {
    this.droppedLines += lines;
  }

  /** Bytes that wait, in memory and on the disk. */
  get bytes(): number {
    return this.totalBytes;
  }

  /** Whether so much is in memory that it should be flushed. */
  get pressed(): boolean {
    return this.waitingBytes > this.settings.memoryBytes / 4;
  }

  append(bucket: string, time: number, line: string): void {
    const text = `${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.waitingBytes + bytes > this.settings.memoryBytes || this.totalBytes + bytes > this.settings.diskBytes) {
      this.drop(1);
      return;
    }
    const file = this.fileFor(bucket, time);
    file.waiting.push(text);
    file.bytes += bytes;
    this.totalBytes += bytes;
    this.waitingBytes += bytes;
  }

  private fileFor(bucket: string, time: number): OpenFile {
    const known = this.open.get(bucket);
    // A request that began yesterday and ends today is logged in today's file.
    if (known && dayOf(known.begun) >= dayOf(time) && known.bytes < this.settings.fileBytes) return known;
    if (known) this.close(known);
    let begun = time;
    const path = () => join(this.components.folder, `${bucket}_${begun}.log`);
    while (this.closed.has(path())) begun++;
    const file = { bucket, begun, path: path(), bytes: 0, waiting: [] };
    this.open.set(bucket, file);
    return file;
  }

  private close(file: OpenFile): void {
    this.open.delete(file.bucket);
    this.closed.set(file.path, file);
  }

  /** Writes and syncs what is in memory. Lines that cannot be written are dropped. Never rejects. */
  flush(): Promise<void> {
    const files = [...this.open.values(), ...this.closed.values()].filter(
      (file): file is OpenFile => "waiting" in file && (file as OpenFile).waiting.length > 0,
    );
    this.writing = this.writing.then(async () => {
      for (const file of files) await this.write(file);
    });
    return this.writing;
  }

  private async write(file: OpenFile): Promise<void> {
    const lines = file.waiting.splice(0);
    if (lines.length === 0) return;
    const bytes = Buffer.from(lines.join(""));
    try {
      const { fits } = this.components;
      if (fits && !(await fits(bytes.length)))
        throw new DomainError({ kind: "storageFull" }, "The gateway's disk is full but for its reserve.");
      const handle = await open(file.path, "a", 0o600);
      try {
        await handle.appendFile(bytes);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      file.bytes -= bytes.length;
      this.totalBytes -= bytes.length;
      this.drop(lines.length);
      this.components.log.warn(
        { bucket: file.bucket, lines: lines.length, err: error },
        "lines of an access log could not be written and are lost",
      );
    } finally {
      this.waitingBytes -= bytes.length;
    }
  }

  /**
   * Files to deliver now: full ones, those old enough, and those of a day that is over. No more lines are added to
   * them.
   */
  async due(now: number): Promise<readonly SpoolFile[]> {
    const { fileBytes, intervalMs } = this.settings;
    const isDue = ({ begun, bytes }: SpoolFile) =>
      bytes >= fileBytes || now - begun >= intervalMs || dayOf(begun) < dayOf(now);
    for (const file of [...this.open.values()]) if (isDue(file)) this.close(file);
    await this.flush();
    return [...this.closed.values()].filter(isDue);
  }

  async remove(file: SpoolFile): Promise<void> {
    if (this.closed.delete(file.path)) this.totalBytes -= file.bytes;
    await rm(file.path, { force: true });
  }
}

/** Undefined for a name that is none of the spool's. */
function fileNamed(name: string): Pick<SpoolFile, "bucket" | "begun"> | undefined {
  const [, bucket = "", begun = ""] = /^(.+)_(\d+)\.log$/.exec(name) ?? [];
  return bucket === "" ? undefined : { bucket, begun: Number(begun) };
}

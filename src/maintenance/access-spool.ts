import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export const SPOOL_DEFAULTS = {
  /** Lines in memory that are not on the disk yet, in bytes; what comes on top is dropped. */
  memoryBytes: 4 * 1024 * 1024,
  /** All that waits on the disk, in bytes; what comes on top is dropped. */
  diskBytes: 256 * 1024 * 1024,
  /** A file of this size waits no longer, bytes. */
  fileBytes: 32 * 1024 * 1024,
  /** So long lines wait for others to be one object with, ms. */
  intervalMs: 3_600_000,
};
export type SpoolSettings = typeof SPOOL_DEFAULTS;

export interface SpoolComponents {
  readonly folder: string;
  readonly log: { warn(fields: object, message: string): void };
}

/** Lines of one bucket and of one day. */
export interface SpoolFile {
  readonly bucket: string;
  /** When its first line came, ms since 1970: it is the file's name, too. */
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
 * Lines of access logs on their way to become objects: in memory for a moment, then in files, one for each bucket and
 * day. Nobody waits for it: lines that find no room are dropped and counted. Files of an earlier run are found again.
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
      const [, bucket = "", begun = ""] = /^(.+)_(\d+)\.log$/.exec(name) ?? [];
      const path = join(folder, name);
      if (bucket === "") continue;
      const { size: bytes } = await stat(path);
      spool.closed.set(path, { bucket, begun: Number(begun), path, bytes });
      spool.totalBytes += bytes;
    }
    return spool;
  }

  get dropped(): number {
    return this.droppedLines;
  }

  /** Lines that were dropped elsewhere on their way. */
  drop(lines: number): void {
    this.droppedLines += lines;
  }

  /** Bytes that wait, in memory and on the disk. */
  get bytes(): number {
    return this.totalBytes;
  }

  /** Memory fills: it is time to flush. */
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
    // A request that began yesterday and ends today is told of with today's.
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

  /** Brings to the disk, synced, what is in memory. Lines that the disk does not take are dropped; it never rejects. */
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
        "the disk did not take an access log",
      );
    } finally {
      this.waitingBytes -= bytes.length;
    }
  }

  /**
   * Files that are to go now: full ones, those whose time has come, and those of a day that is over. Nothing is added
   * to them any more.
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

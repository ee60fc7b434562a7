import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange } from "../model/byte-range.js";
import { type Hash, isHash } from "../model/hash.js";
import { FRAGMENT_SIZE, MIB } from "../model/sizes.js";
import { fileChunks } from "../streams/file-chunks.js";
import { AdmissionQueues } from "./admission-queues.js";

/** Suffix of a file that has not been used again yet. */
const NEWCOMER = ".new";

const ZEROS = new Uint8Array(MIB);

/** Writes at one time. A fragment that comes while all are busy is not cached. */
const MAX_WRITES = 8;

/** The bytes without the zeros at their end, which are not worth storing. */
function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length;
  while (end > 0 && end % 8 !== 0 && view[end - 1] === 0) end--;
  while (end >= 8 && end % 8 === 0 && view.readUInt32LE(end - 4) === 0 && view.readUInt32LE(end - 8) === 0) end -= 8;
  while (end > 0 && view[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

export interface DiskTierSettings {
  readonly folder: string;
  /** Bytes of file content on disk; 0 turns the tier off. */
  readonly maxBytes: number;
  /** The share of these bytes for fragments that were read only once. */
  readonly newcomerShare: number;
  /** A second use within this time counts as part of the same read. Milliseconds. */
  readonly sameReadingMs: number;
  /** Whether the disk has so many bytes to spare; always, when absent. */
  readonly isAmple?: ((bytes: number) => Promise<boolean>) | undefined;
}

/**
 * Fragments as files named by their hash. The folder is the index: it is read at start, and a file that is gone or
 * damaged is simply missing, so no crash can make index and files disagree. The files' mtime keeps the order of use,
 * and the suffix of the name whether a fragment was used again.
 */
export class DiskTier {
  private readonly files: AdmissionQueues;
  private readonly writes = new Map<Hash, Promise<void>>();
  private readonly moves = new Map<Hash, Promise<void>>();
  private readonly removals = new Set<Promise<void>>();
  /**
   * The mtime (ms) that this process gave to a verified file. A file with another mtime was touched by somebody else.
   */
  private readonly verifiedAt = new Map<Hash, number>();
  private readonly ready: Promise<void>;
  private epoch = 0;
  /** Files that had to go for others, since the start. */
  evictions = 0;

  constructor(private readonly settings: DiskTierSettings) {
    // As many as the disk holds fragments: one that was away for longer counts as new.
    const remembered = Math.max(64, Math.ceil(settings.maxBytes / FRAGMENT_SIZE));
    this.files = new AdmissionQueues({ ...settings, remembered }, (hash) => {
      this.evictions++;
      this.remove(hash);
    });
    this.ready = this.scan().catch(() => undefined);
  }

  get bytes(): number {
    return this.files.bytes;
  }

  /** False also before the folder was read. */
  has(hash: Hash): boolean {
    return this.files.has(hash);
  }

  /**
   * The 8 MiB that the file holds; undefined when it is absent or unreadable. `verified`: this process has verified
   * them before. Else the caller must verify them and then call `verified` with their `mtime`.
   */
  async read(
    hash: Hash,
  ): Promise<{ readonly bytes: Uint8Array; readonly verified: boolean; readonly mtime: number } | undefined> {
    await this.ready;
    await this.moves.get(hash);
    const size = this.files.size(hash);
    if (size === undefined) return undefined;
    const path = this.path(hash, this.files.isProven(hash));
    try {
      const bytes = Buffer.allocUnsafeSlow(FRAGMENT_SIZE).fill(0, size);
      const file = await open(path, "r");
      let verified: boolean;
      try {
        verified = this.verifiedAt.get(hash) === Math.round((await file.stat()).mtimeMs);
        for (let done = 0; done < size;) {
          const { bytesRead } = await file.read(bytes, done, size - done, done);
          if (bytesRead === 0) throw new Error("the file is shorter than it was");
          done += bytesRead;
        }
      } finally {
        await file.close();
      }
      const mtime = await this.touch(path);
      this.used(hash);
      if (verified) this.verified(hash, mtime);
      return { bytes, verified, mtime };
    } catch {
      // It may have become proven, and been renamed, meanwhile; the next attempt uses the new name.
      if (!this.moves.has(hash) && path === this.path(hash, this.files.isProven(hash))) this.drop(hash);
      return undefined;
    }
  }

  /**
   * Bytes `range` of a fragment that this process has verified; undefined for others. Throws when the file was touched
   * or removed since: `read` decides then. The file is read at the reader's pace.
   */
  stream(hash: Hash, { start, end }: ByteRange): AsyncGenerator<Uint8Array, void> | undefined {
    const size = this.files.size(hash);
    const known = this.verifiedAt.get(hash);
    if (size === undefined || known === undefined || this.moves.has(hash)) return undefined;
    const path = this.path(hash, this.files.isProven(hash));
    return this.chunks(hash, path, { start, end }, size);
  }

  private async *chunks(
    hash: Hash,
    path: string,
    { start, end }: ByteRange,
    size: number,
  ): AsyncGenerator<Uint8Array, void> {
    const stored = Math.min(end, size);
    if (start < stored) {
      yield* fileChunks(path, { start, end: stored }, (found) => {
        if (found.size !== size || this.verifiedAt.get(hash) !== Math.round(found.mtimeMs))
          throw new Error(`${path} was touched`);
      });
    }
    for (let at = Math.max(start, stored); at < end; at += ZEROS.length) yield ZEROS.subarray(0, end - at);
    this.used(hash);
    // Often enough for the order of use, and seldom enough that readers do not invalidate each other's check of the
    // mtime.
    const known = this.verifiedAt.get(hash) ?? 0;
    if (Date.now() - known < this.settings.sameReadingMs) return;
    const mtime = await this.touch(path);
    if (this.verifiedAt.get(hash) === known) this.verified(hash, mtime);
  }

  /** The bytes that `read` returned with this `mtime` are right. They are not hashed again while the mtime stays. */
  verified(hash: Hash, mtime: number): void {
    if (this.files.has(hash)) this.verifiedAt.set(hash, mtime);
  }

  /** The fragment was read, here or from memory. */
  used(hash: Hash): void {
    if (!this.files.use(hash, Date.now())) return;
    const move = rename(this.path(hash, false), this.path(hash, true))
      .catch(() => this.drop(hash))
      .finally(() => this.moves.delete(hash));
    this.moves.set(hash, move);
  }

  /** Resolves when the fragment is on disk, or was not cached. Never rejects: a full disk must not fail a read. */
  async write(hash: Hash, bytes: Uint8Array): Promise<void> {
    await this.ready;
    if (this.settings.maxBytes === 0 || this.files.has(hash)) return;
    const running = this.writes.get(hash);
    if (running) return running;
    if (this.writes.size >= MAX_WRITES) return;
    const writing = this.store(hash, bytes).finally(() => this.writes.delete(hash));
    this.writes.set(hash, writing);
    return writing;
  }

  drop(hash: Hash): void {
    if (!this.files.has(hash)) return;
    this.files.delete(hash);
    this.remove(hash);
  }

  /** Removes fragments of at least so many bytes, or all, those first that would be evicted first. */
  async shrink(bytes: number): Promise<void> {
    await this.ready;
    this.files.shrink(bytes);
    await Promise.all(this.removals);
  }

  async clear(): Promise<void> {
    await this.ready;
    this.epoch++;
    const hashes = this.files.hashes();
    this.files.clear();
    for (const hash of hashes) this.remove(hash);
    await this.settled();
  }

  /** Resolves when all file work begun so far is done. */
  async settled(): Promise<void> {
    await this.ready;
    await Promise.all(this.writes.values());
    await Promise.all(this.moves.values());
    await Promise.all(this.removals);
  }

  private async store(hash: Hash, bytes: Uint8Array): Promise<void> {
    const epoch = this.epoch;
    const content = withoutTrailingZeros(bytes);
    if (content.length > this.settings.maxBytes) return;
    if (this.settings.isAmple && !(await this.settings.isAmple(content.length).catch(() => false))) return;
    const temporary = join(this.settings.folder, `${randomUUID()}.tmp`);
    try {
      await Promise.all(this.removals);
      await writeFile(temporary, content);
      if (epoch === this.epoch) {
        const proven = this.files.remembers(hash);
        await rename(temporary, this.path(hash, proven));
        this.files.add(hash, content.length, proven, Date.now());
        // The folder was cleared during the rename: the new file must go too.
        if (epoch !== this.epoch) this.drop(hash);
      } else await rm(temporary, { force: true });
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  /** Sets the file's mtime to now; a failure is ignored. Resolves with the mtime, ms. */
  private async touch(path: string): Promise<number> {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return now.getTime();
  }

  private path(hash: Hash, proven: boolean): string {
    return join(this.settings.folder, proven ? hash : `${hash}${NEWCOMER}`);
  }

  private remove(hash: Hash): void {
    this.verifiedAt.delete(hash);
    const remove = async () => {
      await this.moves.get(hash);
      for (const proven of [true, false]) await rm(this.path(hash, proven), { force: true });
    };
    const removal = remove()
      .catch(() => undefined)
      .finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }

  private async scan(): Promise<void> {
    const { folder, maxBytes } = this.settings;
    await mkdir(folder, { recursive: true });
    const found: { hash: Hash; proven: boolean; size: number; usedAt: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const hash = name.endsWith(NEWCOMER) ? name.slice(0, -NEWCOMER.length) : name;
      if (!isHash(hash)) {
        // Only our own half-written files: nothing else in the folder is ours to delete.
        if (name.endsWith(".tmp")) await rm(path, { force: true });
        continue;
      }
      const info = await stat(path).catch(() => undefined);
      if (info?.isFile()) found.push({ hash, proven: hash === name, size: info.size, usedAt: info.mtimeMs });
    }
    found.sort((a, b) => a.usedAt - b.usedAt);
    for (const { hash, proven, size, usedAt } of found) {
      if (size <= Math.min(maxBytes, FRAGMENT_SIZE)) this.files.add(hash, size, proven, usedAt);
      else this.remove(hash);
    }
  }
}

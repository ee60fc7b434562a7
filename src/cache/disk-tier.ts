import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { type Hash, isHash } from "../model/hash.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";

/** Writes that may be under way at once; what comes while all are busy is not kept, which a cache may do. */
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

/**
 * Fragments as files named by their hash. The folder itself is the index: it is read at start, and a file that is gone
 * or broken is merely missing, so no crash can make the two disagree. The order of use survives as the files' mtime.
 */
export class DiskTier {
  readonly #files: LRUCache<Hash, number>;
  readonly #writes = new Map<Hash, Promise<void>>();
  readonly #removals = new Set<Promise<void>>();
  readonly #ready: Promise<void>;
  #epoch = 0;

  /** `maxBytes`: of file content on disk; 0 keeps nothing. */
  constructor(
    private readonly folder: string,
    private readonly maxBytes: number,
  ) {
    this.#files = new LRUCache({
      maxSize: Math.max(maxBytes, 1),
      sizeCalculation: (size) => Math.max(size, 1),
      dispose: (_size, hash, reason) => {
        if (reason !== "set") this.#remove(hash);
      },
    });
    this.#ready = this.#scan().catch(() => undefined);
  }

  get bytes(): number {
    return this.#files.calculatedSize;
  }

  /** The 8 MiB as the file has them, to be verified by the caller; undefined when absent or unreadable. */
  async read(hash: Hash): Promise<Uint8Array | undefined> {
    await this.#ready;
    const size = this.#files.get(hash);
    if (size === undefined) return undefined;
    try {
      const bytes = new Uint8Array(FRAGMENT_SIZE);
      const file = await open(join(this.folder, hash), "r");
      try {
        for (let done = 0; done < size; ) {
          const { bytesRead } = await file.read(bytes, done, size - done, done);
          if (bytesRead === 0) throw new Error("the file is shorter than it was");
          done += bytesRead;
        }
      } finally {
        await file.close();
      }
      const now = new Date();
      await utimes(join(this.folder, hash), now, now);
      return bytes;
    } catch {
      this.drop(hash);
      return undefined;
    }
  }

  /** Resolves when the fragment is on disk, or was not kept. Never rejects: a full disk is no reason to fail a read. */
  async write(hash: Hash, bytes: Uint8Array): Promise<void> {
    await this.#ready;
    if (this.maxBytes === 0 || this.#files.has(hash)) return;
    const running = this.#writes.get(hash);
    if (running) return running;
    if (this.#writes.size >= MAX_WRITES) return;
    const writing = this.#store(hash, bytes).finally(() => this.#writes.delete(hash));
    this.#writes.set(hash, writing);
    return writing;
  }

  drop(hash: Hash): void {
    this.#files.delete(hash);
  }

  async clear(): Promise<void> {
    await this.#ready;
    this.#epoch++;
    this.#files.clear();
    await this.settled();
  }

  /** Resolves when all file work begun so far is done. */
  async settled(): Promise<void> {
    await this.#ready;
    await Promise.all(this.#writes.values());
    await Promise.all(this.#removals);
  }

  async #store(hash: Hash, bytes: Uint8Array): Promise<void> {
    const epoch = this.#epoch;
    const content = withoutTrailingZeros(bytes);
    if (content.length > this.maxBytes) return;
    const temporary = join(this.folder, `${randomUUID()}.tmp`);
    try {
      await Promise.all(this.#removals);
      await writeFile(temporary, content);
      if (epoch === this.#epoch) {
        await rename(temporary, join(this.folder, hash));
        this.#files.set(hash, content.length);
        // The folder was cleared during the rename: the new file must go too.
        if (epoch !== this.#epoch) this.drop(hash);
      } else await rm(temporary, { force: true });
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  #remove(hash: Hash): void {
    const removal = rm(join(this.folder, hash), { force: true })
      .catch(() => undefined)
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  async #scan(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const found: { hash: Hash; size: number; usedAt: number }[] = [];
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      if (!isHash(name)) {
        // Only our own half-written files: nothing else in the folder is ours to delete.
        if (name.endsWith(".tmp")) await rm(path, { force: true });
        continue;
      }
      const info = await stat(path).catch(() => undefined);
      if (info?.isFile()) found.push({ hash: name, size: info.size, usedAt: info.mtimeMs });
    }
    found.sort((a, b) => a.usedAt - b.usedAt);
    for (const { hash, size } of found) {
      if (size <= Math.min(this.maxBytes, FRAGMENT_SIZE)) this.#files.set(hash, size);
      else this.#remove(hash);
    }
  }
}

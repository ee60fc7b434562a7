import { LRUCache } from "lru-cache";
import type { ByteRange } from "../model/byte-range.js";
import type { Hash } from "../model/hash.js";
import { FRAGMENT_SIZE, GIB, MIB } from "../model/sizes.js";
import type { FragmentCache } from "./cache.js";
import { DiskTier } from "./disk-tier.js";

export interface CacheComponents {
  /** Returns the bytes if they have this hash, else undefined. May transfer the argument (Encoder.verify). */
  readonly verify: (bytes: Uint8Array, hash: Hash) => Promise<Uint8Array | undefined>;
  /** Whether the disk has so many bytes to spare; always, when absent. */
  readonly isAmple?: (bytes: number) => Promise<boolean>;
}

export interface CacheSettings {
  /** Created when absent. Only files named by a hash, or `*.tmp`, are touched in it. */
  readonly folder: string;
  /** Bytes of fragments held in memory; 0 for none. */
  readonly memoryBytes: number;
  /** Bytes of fragments kept on disk; 0 for none. */
  readonly diskBytes: number;
  /** The share of the disk for fragments that were read only once: all that a scan can evict. */
  readonly newcomerShare: number;
  /** A second read of a fragment on disk within this time counts as part of the same read. Milliseconds. */
  readonly sameReadingMs: number;
}

export const CACHE_DEFAULTS = {
  memoryBytes: 256 * MIB,
  diskBytes: 10 * GIB,
  newcomerShare: 0.1,
  sameReadingMs: 60_000,
};

/**
 * Memory over disk. A file is hashed before its first use, since another process may have written it or a crash may
 * have cut it off. After that it is trusted as long as nobody touches it: hashing costs several times as much as
 * reading.
 */
export class TieredCache implements FragmentCache {
  private readonly memory: LRUCache<Hash, Uint8Array>;
  private readonly disk: DiskTier;
  private readonly counts = { memoryHits: 0, memoryMisses: 0, memoryEvictions: 0, diskHits: 0, diskMisses: 0 };
  private epoch = 0;

  constructor(
    private readonly components: CacheComponents,
    settings: Pick<CacheSettings, "folder"> & Partial<CacheSettings>,
  ) {
    const { folder, memoryBytes, diskBytes, newcomerShare, sameReadingMs } = { ...CACHE_DEFAULTS, ...settings };
    this.memory = new LRUCache({
      maxSize: Math.max(memoryBytes, 1),
      sizeCalculation: () => FRAGMENT_SIZE,
      dispose: (_bytes, _hash, reason) => {
        if (reason === "evict") this.counts.memoryEvictions++;
      },
    });
    const { isAmple } = components;
    this.disk = new DiskTier({ folder, maxBytes: diskBytes, newcomerShare, sameReadingMs, isAmple });
  }

  async get(hash: Hash): Promise<Uint8Array | undefined> {
    const held = this.held(hash);
    if (held) return held;
    this.counts.memoryMisses++;
    const bytes = await this.fromDisk(hash);
    if (bytes) this.counts.diskHits++;
    else this.counts.diskMisses++;
    return bytes;
  }

  held(hash: Hash): Uint8Array | undefined {
    const held = this.memory.get(hash);
    if (!held) return undefined;
    this.disk.used(hash);
    this.counts.memoryHits++;
    return held;
  }

  has(hash: Hash): boolean {
    return this.memory.has(hash) || this.disk.has(hash);
  }

  stream(hash: Hash, range: ByteRange): AsyncGenerator<Uint8Array, void> | undefined {
    if (this.memory.has(hash)) return undefined;
    const stream = this.disk.stream(hash, range);
    if (stream) {
      this.counts.memoryMisses++;
      this.counts.diskHits++;
    }
    return stream;
  }

  /** Resolves when the disk has it too. Throws RangeError unless `bytes` are a fragment's 8 MiB. */
  async set(hash: Hash, bytes: Uint8Array): Promise<void> {
    if (bytes.length !== FRAGMENT_SIZE)
      throw new RangeError(`a fragment has ${FRAGMENT_SIZE} bytes, not ${bytes.length}`);
    this.memory.set(hash, bytes);
    await this.disk.write(hash, bytes);
  }

  async clear(): Promise<void> {
    this.epoch++;
    this.memory.clear();
    await this.disk.clear();
  }

  /** Removes fragments of at least so many bytes from the disk, or all. */
  shrinkDisk(bytes: number): Promise<void> {
    return this.disk.shrink(bytes);
  }

  usage() {
    const { memoryHits, memoryMisses, memoryEvictions, diskHits, diskMisses } = this.counts;
    return {
      memory: {
        bytes: this.memory.calculatedSize,
        hits: memoryHits,
        misses: memoryMisses,
        evictions: memoryEvictions,
      },
      disk: { bytes: this.disk.bytes, hits: diskHits, misses: diskMisses, evictions: this.disk.evictions },
    };
  }

  async close(): Promise<void> {
    await this.disk.settled();
    this.memory.clear();
  }

  private async fromDisk(hash: Hash): Promise<Uint8Array | undefined> {
    const epoch = this.epoch;
    const read = await this.disk.read(hash);
    if (!read) return undefined;
    try {
      const bytes = read.verified ? read.bytes : await this.components.verify(read.bytes, hash);
      if (!bytes) this.disk.drop(hash);
      else if (epoch === this.epoch) {
        this.memory.set(hash, bytes);
        this.disk.verified(hash, read.mtime);
      }
      return bytes;
    } catch {
      // The verifier is overloaded or closing. That says nothing about the file, so it stays.
      return undefined;
    }
  }
}

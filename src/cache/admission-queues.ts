import type { Hash } from "../model/hash.js";

export interface AdmissionSettings {
  /** Bytes of all entries together. */
  readonly maxBytes: number;
  /** Of these, the share that newcomers may hold against proven entries. */
  readonly newcomerShare: number;
  /** A use so soon after an entry was added counts as part of the same read. Milliseconds. */
  readonly sameReadingMs: number;
  /** Hashes of dropped newcomers that are remembered. */
  readonly remembered: number;
}

interface Entry {
  readonly size: number;
  readonly cameAt: number;
}

/**
 * Which entries a bounded store keeps, after 2Q (Johnson and Shasha, 1994). New entries wait in a FIFO queue. An entry
 * becomes proven when it is used again later, or comes again soon after it was dropped; proven entries are kept in LRU
 * order. So data that is read only once, however much, passes through the queue and evicts nothing that is in use.
 */
export class AdmissionQueues {
  /** Both in the order of eviction: a Map keeps the order of insertion. */
  private readonly newcomers = new Map<Hash, Entry>();
  private readonly proven = new Map<Hash, Entry>();
  private readonly dropped = new Set<Hash>();
  private newcomerBytes = 0;
  private provenBytes = 0;

  /** `onDrop` is called for every evicted entry. */
  constructor(
    private readonly settings: AdmissionSettings,
    private readonly onDrop: (hash: Hash, proven: boolean) => void,
  ) {}

  get bytes(): number {
    return this.newcomerBytes + this.provenBytes;
  }

  has(hash: Hash): boolean {
    return this.newcomers.has(hash) || this.proven.has(hash);
  }

  isProven(hash: Hash): boolean {
    return this.proven.has(hash);
  }

  /** Whether this hash would be proven at once if it were added now, because it was dropped recently. */
  remembers(hash: Hash): boolean {
    return this.dropped.has(hash);
  }

  size(hash: Hash): number | undefined {
    return (this.newcomers.get(hash) ?? this.proven.get(hash))?.size;
  }

  /** Adds an entry, as the last of its queue to be evicted. Others may be evicted for it. */
  add(hash: Hash, size: number, proven: boolean, now: number): void {
    this.delete(hash);
    this.dropped.delete(hash);
    const entry = { size, cameAt: now };
    if (proven) {
      this.proven.set(hash, entry);
      this.provenBytes += size;
    } else {
      this.newcomers.set(hash, entry);
      this.newcomerBytes += size;
    }
    this.evictTo(this.settings.maxBytes);
  }

  /** Evicts entries of at least so many bytes, or all. */
  shrink(bytes: number): void {
    this.evictTo(Math.max(0, this.bytes - bytes));
  }

  /** Records a use. True if this use made the entry proven. */
  use(hash: Hash, now: number): boolean {
    const known = this.proven.get(hash);
    if (known) {
      this.proven.delete(hash);
      this.proven.set(hash, known);
      return false;
    }
    const entry = this.newcomers.get(hash);
    if (!entry || now - entry.cameAt < this.settings.sameReadingMs) return false;
    this.add(hash, entry.size, true, now);
    return true;
  }

  /** Does not call `onDrop`. */
  delete(hash: Hash): void {
    const newcomer = this.newcomers.get(hash);
    if (newcomer && this.newcomers.delete(hash)) this.newcomerBytes -= newcomer.size;
    const proven = this.proven.get(hash);
    if (proven && this.proven.delete(hash)) this.provenBytes -= proven.size;
  }

  /** All hashes, proven or not. */
  hashes(): Hash[] {
    return [...this.newcomers.keys(), ...this.proven.keys()];
  }

  clear(): void {
    this.newcomers.clear();
    this.proven.clear();
    this.dropped.clear();
    this.newcomerBytes = 0;
    this.provenBytes = 0;
  }

  private evictTo(maxBytes: number): void {
    while (this.bytes > maxBytes) {
      const share = this.settings.maxBytes * this.settings.newcomerShare;
      const [newcomer] = this.newcomers.keys();
      const [proven] = this.proven.keys();
      // Newcomers are evicted first while they hold more than their share, or when nothing else is left. The newest one
      // is kept: it is the entry that was just added.
      const fromLine =
        newcomer !== undefined && (proven === undefined || (this.newcomerBytes > share && this.newcomers.size > 1));
      const hash = fromLine ? newcomer : proven;
      if (hash === undefined) return;
      this.delete(hash);
      if (fromLine) this.remember(hash);
      this.onDrop(hash, !fromLine);
    }
  }

  private remember(hash: Hash): void {
    this.dropped.add(hash);
    const [oldest] = this.dropped;
    if (oldest !== undefined && this.dropped.size > this.settings.remembered) this.dropped.delete(oldest);
  }
}

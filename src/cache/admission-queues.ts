import type { Hash } from "../model/hash.js";

export interface AdmissionSettings {
  /** Bytes of all entries together. */
  readonly maxBytes: number;
  /** Of these, the share that newcomers may hold against proven entries. */
  readonly newcomerShare: number;
  /** A use sooner after an entry came belongs to the same reading and proves nothing. Milliseconds. */
  readonly sameReadingMs: number;
  /** Hashes of dropped newcomers that are remembered. */
  readonly remembered: number;
}

interface Entry {
  readonly size: number;
  readonly cameAt: number;
}

/**
 * Which entries a bounded store keeps, after 2Q (Johnson and Shasha, 1994): newcomers wait in line, first come, first
 * dropped, and only what is used again later, or comes again soon after it was dropped, is proven and kept by its last
 * use. So what is read once, however much, passes through the newcomers' line and flushes nothing that is in use.
 */
export class AdmissionQueues {
  /** Both in the order in which they are dropped: Map keeps the order of insertion. */
  private readonly newcomers = new Map<Hash, Entry>();
  private readonly proven = new Map<Hash, Entry>();
  private readonly dropped = new Set<Hash>();
  private newcomerBytes = 0;
  private provenBytes = 0;

  /** `onDrop`: told of every entry that had to make room. */
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

  /** Whether this hash, if it came now, would be proven at once, because it was dropped not long ago. */
  remembers(hash: Hash): boolean {
    return this.dropped.has(hash);
  }

  size(hash: Hash): number | undefined {
    return (this.newcomers.get(hash) ?? this.proven.get(hash))?.size;
  }

  /** A new entry, last to be dropped of its kind. Others may have to go for it. */
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
    this.makeRoom();
  }

  /** The entry was used. True when that has just proven it. */
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

  /** Without telling `onDrop`. */
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

  private makeRoom(): void {
    while (this.bytes > this.settings.maxBytes) {
      const share = this.settings.maxBytes * this.settings.newcomerShare;
      const [newcomer] = this.newcomers.keys();
      const [proven] = this.proven.keys();
      // The line gives way first while it is longer than its share, and while nothing else is left; never its last one,
      // the one that has just come, for the sake of what has been here long.
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

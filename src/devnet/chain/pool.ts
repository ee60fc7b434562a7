import type { SignedExtrinsic } from "./extrinsic.js";
import type { BlockId, Invalidity, Runtime } from "./runtime.js";
import type { State } from "./state.js";

export const POOL_DEFAULTS = {
  /** Extrinsics that wait for a block. */
  readyLimit: 4096,
  /** Extrinsics that wait for an earlier nonce. */
  futureLimit: 512,
  /** Bytes of all of them together. */
  bytesLimit: 32 * 1024 * 1024,
} as const;
export type PoolSettings = { readonly [K in keyof typeof POOL_DEFAULTS]: number };

/** The statuses of an extrinsic in the pool. */
export type PoolStatus = "ready" | "future" | "dropped" | "invalid" | { readonly usurped: string };

export type PoolRefusal =
  { readonly kind: "invalid"; readonly reason: Invalidity } | { readonly kind: "known" | "low-priority" | "full" };

/** The pool does not take the extrinsic. */
export class PoolRefused extends Error {
  constructor(readonly refusal: PoolRefusal) {
    super(`the pool refuses the extrinsic: ${refusal.kind}`);
    this.name = "PoolRefused";
  }
}

export interface PoolEntry {
  readonly extrinsic: SignedExtrinsic;
  /** The first block in which it is too late. */
  readonly death: number;
  /** Submitted while a fault was on: it stays until its era ends, and no block takes it. */
  readonly ignored: boolean;
  readonly arrival: number;
  /** Whether it has been called ready; until then an earlier nonce is missing. */
  ready: boolean;
}

interface Head extends BlockId {
  readonly state: State;
}

/**
 * Extrinsics that no block has yet. Those of one signer are taken in the order of their nonces; a gap makes the later
 * ones wait. In memory only, as on any Substrate node: a restart forgets them.
 */
export class Pool {
  /** By signer, then nonce. */
  private readonly entries = new Map<string, Map<number, PoolEntry>>();
  private readonly byHash = new Map<string, PoolEntry>();
  private bytes = 0;
  private arrivals = 0;
  /** The next so many submissions are accepted and never included. */
  ignoreNext = 0;

  constructor(
    readonly runtime: Runtime,
    readonly settings: PoolSettings,
    readonly tell: (hash: string, status: PoolStatus) => void,
  ) {}

  /** Takes an extrinsic, or throws PoolRefused. */
  submit(extrinsic: SignedExtrinsic, head: Head): void {
    if (this.byHash.has(extrinsic.hash)) throw new PoolRefused({ kind: "known" });
    const invalidity = this.runtime.validate(extrinsic, head.state, head);
    if (invalidity !== undefined && invalidity !== "Future")
      throw new PoolRefused({ kind: "invalid", reason: invalidity });
    const rival = this.entries.get(extrinsic.signer)?.get(extrinsic.nonce);
    if (rival !== undefined && rival.extrinsic.tip >= extrinsic.tip) throw new PoolRefused({ kind: "low-priority" });
    if (rival === undefined) this.checkRoom(extrinsic, head);
    const ignored = this.ignoreNext > 0;
    if (ignored) this.ignoreNext -= 1;
    if (rival !== undefined) this.remove(rival, { usurped: extrinsic.hash });
    this.arrivals += 1;
    const death = this.runtime.death(extrinsic, head.number + 1);
    this.add({ extrinsic, death, ignored, arrival: this.arrivals, ready: false });
  }

  /** The nonce after the last one that could be included now. */
  nextNonce(signer: string, state: State): number {
    const entries = this.entries.get(signer);
    let nonce = this.runtime.system.nonce(state, signer);
    while (entries?.has(nonce) === true) nonce += 1;
    return nonce;
  }

  /** What could be included now, in the order of arrival, each signer's by nonce. */
  ready(state: State): PoolEntry[] {
    const keyed = [...this.entries].flatMap(([signer, entries]) => {
      let latest = 0;
      return run(entries, this.runtime.system.nonce(state, signer)).map((entry) => {
        // A late lower nonce holds up the higher ones that came before it.
        latest = Math.max(latest, entry.arrival);
        return { entry, latest };
      });
    });
    return keyed
      .sort((a, b) => a.latest - b.latest || a.entry.extrinsic.nonce - b.entry.extrinsic.nonce)
      .map(({ entry }) => entry);
  }

  all(): SignedExtrinsic[] {
    return [...this.byHash.values()].map(({ extrinsic }) => extrinsic);
  }

  drop(entry: PoolEntry, status: PoolStatus): void {
    this.remove(entry, status);
  }

  /** After a block on which the next will stand: forgets what it included or made impossible. */
  advance(included: readonly string[], head: Head): void {
    for (const hash of included) {
      const entry = this.byHash.get(hash);
      if (entry !== undefined) this.remove(entry);
    }
    for (const entry of [...this.byHash.values()]) {
      const stale = entry.extrinsic.nonce < this.runtime.system.nonce(head.state, entry.extrinsic.signer);
      if (stale || entry.death <= head.number + 1) this.remove(entry, "invalid");
    }
  }

  /** Reports every waiting extrinsic that has become ready. */
  promote(state: State): void {
    for (const entry of this.ready(state)) {
      if (entry.ready) continue;
      entry.ready = true;
      this.tell(entry.extrinsic.hash, "ready");
    }
  }

  private checkRoom({ bytes, nonce, signer }: SignedExtrinsic, head: Head): void {
    const waiting = [...this.byHash.values()];
    const future = waiting.filter(({ ready }) => !ready).length;
    const { readyLimit, futureLimit, bytesLimit } = this.settings;
    const full =
      nonce > this.nextNonce(signer, head.state) ? future >= futureLimit : waiting.length - future >= readyLimit;
    if (full || this.bytes + bytes.length > bytesLimit) throw new PoolRefused({ kind: "full" });
  }

  private add(entry: PoolEntry): void {
    const { signer, nonce, hash, bytes } = entry.extrinsic;
    const entries = this.entries.get(signer) ?? new Map<number, PoolEntry>();
    this.entries.set(signer, entries.set(nonce, entry));
    this.byHash.set(hash, entry);
    this.bytes += bytes.length;
  }

  private remove({ extrinsic }: PoolEntry, status?: PoolStatus): void {
    const entries = this.entries.get(extrinsic.signer);
    entries?.delete(extrinsic.nonce);
    if (entries?.size === 0) this.entries.delete(extrinsic.signer);
    this.byHash.delete(extrinsic.hash);
    this.bytes -= extrinsic.bytes.length;
    if (status !== undefined) this.tell(extrinsic.hash, status);
  }
}

/** The entries from `nonce` on, up to the first gap. */
function run(entries: ReadonlyMap<number, PoolEntry>, nonce: number): PoolEntry[] {
  const found: PoolEntry[] = [];
  for (let entry = entries.get(nonce); entry !== undefined; entry = entries.get(nonce + found.length))
    found.push(entry);
  return found;
}

import type { CessAccount } from "../../src/model/account.js";
import type { Clock } from "../../src/model/clock.js";
import type { Fid } from "../../src/model/hash.js";
import {
  ChainUnavailable,
  ExtrinsicLost,
  type Chain,
  type ChainDeal,
  type ChainEvent,
  type ChainFile,
  type ChainNode,
  type DealOrder,
  type SignedExtrinsic,
  type SubmitOptions,
  type Territory,
} from "../../src/network/chain/chain.js";
import {
  nextState,
  type Included,
  type MemoryChainSettings,
  type Pending,
  type Space,
  type State,
} from "./memory-chain-state.js";
import { MemoryFileBank } from "./memory-file-bank.js";

/** Final blocks that endpoints which lag behind may still show. */
const KEPT_BLOCKS = 120;

/**
 * The chain's rules in memory, hazards included (a pending deal declared again is overwritten, a stranger's deletion
 * succeeds and changes nothing …), with blocks that the test makes.
 */
export class MemoryChain implements Chain {
  readonly account = "cXgateway" as CessAccount;
  connected = true;
  /** Calls that were refused. */
  refusals = 0;
  /** Extrinsics of the gateway that vanish between sending and the pool. */
  dropNext = 0;
  /** Called when an extrinsic of the gateway has reached the pool. */
  onSubmitted: (() => void) | undefined;
  /** Called after each new block. */
  onBlock: (() => void) | undefined;
  /** While set, blocks are made and none becomes final. */
  finalityStalled = false;
  /** While set, blocks have no room for what the gateway has signed. */
  blocksFull = false;
  /** While set, deals and files stay invisible at the best block, as on an endpoint that lags behind. */
  readonly hidden = new Set<Fid>();
  /** What an endpoint does not show yet that is behind, at its final block neither. */
  readonly unseen = new Set<Fid>();

  protected readonly settings: MemoryChainSettings;
  private readonly fileBank: MemoryFileBank;
  private readonly history: State[];
  private finalizing: Included[] = [];
  /** Never goes back. */
  private finalBlock = 1;
  private readonly listeners = new Set<(event: ChainEvent) => void>();
  private readonly reserved = new Set<number>();
  protected pool: Pending[] = [];
  private making: AbortController | undefined;

  constructor(settings: Partial<MemoryChainSettings> = {}) {
    this.settings = { spec: 133, finalityLag: 2, era: 16, ...settings };
    this.fileBank = new MemoryFileBank(this.settings.spec);
    this.history = [
      {
        block: 1,
        nonce: 0,
        deals: new Map(),
        files: new Map(),
        territories: new Map(),
        authorizers: new Set(),
        nodes: new Map(),
      },
    ];
  }

  // ---- the test's side ----

  /** Orders and deletions as they were applied, for assertions. */
  get log(): readonly string[] {
    return this.fileBank.log;
  }

  /** Pending deals that a declaration overwrote: the hazard that must never come true. */
  get overwrites(): number {
    return this.fileBank.overwrites;
  }

  /** Declarations that listed an owner a second time. */
  get doubleListings(): number {
    return this.fileBank.doubleListings;
  }

  /** Makes blocks by itself until `stop`. */
  start(clock: Clock, blockMs: number): void {
    this.stop();
    this.making = new AbortController();
    void this.make(clock, blockMs, this.making.signal);
  }

  stop(): void {
    this.making?.abort();
  }

  /** Makes blocks now: each includes what waits in the pool. */
  advance(blocks = 1): void {
    for (let n = 0; n < blocks; n++) this.produce();
  }

  /**
   * Throws the last blocks away, as far as they are not final; the pool has their calls again, others' unless they are
   * `forgotten`.
   */
  fork(depth: number, forgotten = false): void {
    for (let n = 0; n < depth && this.best.block > this.finalBlock; n++) this.history.pop();
    const gone = this.finalizing.filter(({ block }) => block > this.best.block);
    this.finalizing = this.finalizing.filter(({ block }) => block <= this.best.block);
    this.pool.unshift(...gone.map(({ pending }) => pending).filter(({ signed }) => signed ?? !forgotten));
  }

  /** The gateway's extrinsics in the pool are forgotten: at once, or without a word. Returns how many. */
  dropPool(word: "told" | "silent"): number {
    const ours = this.pool.filter(({ signed, lost }) => signed && lost !== true);
    if (word === "silent") for (const pending of ours) pending.lost = true;
    else {
      this.pool = this.pool.filter((pending) => !ours.includes(pending));
      for (const { settle } of ours) settle(new ExtrinsicLost("dropped from the pool"));
    }
    return ours.length;
  }

  /** The gateway's extrinsics in the pool arrive there twice. */
  duplicatePool(): void {
    for (const pending of this.pool.filter(({ signed }) => signed))
      this.pool.push({ ...pending, settle: () => undefined });
  }

  /**
   * Whoever waits for the gateway's extrinsics in the pool is told that nobody knows; they stay there. Returns how
   * many.
   */
  forsakePool(): number {
    const waiting = this.pool.filter(({ signed, lost, forsaken }) => signed && lost !== true && forsaken !== true);
    for (const pending of waiting) {
      pending.forsaken = true;
      pending.settle(new ChainUnavailable("no block was finalized for long; the extrinsic may still be included"));
    }
    return waiting.length;
  }

  /** The gateway's process has died: nonces it had chosen and not used are free again. */
  forgetReservations(): void {
    this.reserved.clear();
  }

  /** Changes the state without an extrinsic, at once and for finalized readers as well. */
  set(change: (state: State) => void): void {
    for (const state of this.history) change(state);
  }

  addTerritory(owner: CessAccount, name: string, total: bigint): void {
    this.set((state) => {
      state.territories.set(`${owner}/${name}`, { total, used: 0n, locked: 0n, state: "active" });
      state.authorizers.add(owner);
    });
  }

  space(owner: CessAccount, name: string): Space | undefined {
    return this.best.territories.get(`${owner}/${name}`);
  }

  addNode(node: ChainNode): void {
    this.set((state) => state.nodes.set(node.account, node));
  }

  /** A storage node's transferReport; refused ones are swallowed, as by a miner that tries. */
  report(node: CessAccount, index: number, fid: Fid): void {
    this.pool.push({ fid, settle: () => undefined, apply: (state) => this.fileBank.report(state, node, index, fid) });
  }

  /** Somebody else's declaration, not through the gateway. */
  declareAsStranger(order: DealOrder): void {
    this.pool.push({ fid: order.fid, settle: () => undefined, apply: (state) => this.fileBank.declare(state, order) });
  }

  /** Another gateway of the same owner takes a file away. */
  deleteElsewhere(owner: CessAccount, fid: Fid): void {
    this.pool.push({ fid, settle: () => undefined, apply: (state) => this.fileBank.delete(state, owner, fid) });
  }

  pendingDeals(): ChainDeal[] {
    return [...this.best.deals.values()];
  }

  files(): ChainFile[] {
    return [...this.best.files.values()];
  }

  /** As the last final block has it. */
  finalFile(fid: Fid): ChainFile | undefined {
    return this.finalized.files.get(fid);
  }

  /** What an endpoint shows that has not heard of the last blocks yet. */
  endpoint(blocksBehind: number): { readonly best: State; readonly finalized: State } {
    const best = this.history[Math.max(0, this.history.length - 1 - blocksBehind)]!;
    const final = Math.min(this.finalBlock, Math.max(best.block - this.settings.finalityLag, this.history[0]!.block));
    return { best, finalized: this.history.find(({ block }) => block === final)! };
  }

  emitGap(): void {
    for (const listener of this.listeners) listener({ kind: "gap" });
  }

  // ---- the port ----

  file(fid: Fid, at: "best" | "finalized" = "best"): Promise<ChainFile | undefined> {
    return this.read(() =>
      this.unseen.has(fid) || (at === "best" && this.hidden.has(fid)) ? undefined : this.at(at).files.get(fid),
    );
  }

  deal(fid: Fid, at: "best" | "finalized" = "best"): Promise<ChainDeal | undefined> {
    return this.read(() =>
      this.unseen.has(fid) || (at === "best" && this.hidden.has(fid)) ? undefined : this.at(at).deals.get(fid),
    );
  }

  ownedFiles(owner: CessAccount): Promise<readonly Fid[]> {
    return this.read(() =>
      [...this.finalized.files.values()].flatMap(({ fid, owners }) =>
        owners.flatMap(({ account }) => (account === owner ? [fid] : [])),
      ),
    );
  }

  territory(owner: CessAccount, name: string): Promise<Territory | undefined> {
    return this.read(() => {
      const space = this.best.territories.get(`${owner}/${name}`);
      return space && { ...space, remaining: space.total - space.used - space.locked, deadline: 1_000_000 };
    });
  }

  authorized(owner: CessAccount): Promise<boolean> {
    return this.read(() => this.best.authorizers.has(owner));
  }

  nodes(): Promise<ChainNode[]> {
    return this.read(() => [...this.best.nodes.values()]);
  }

  finalizedBlock(): Promise<number> {
    return this.read(() => this.finalized.block);
  }

  settled({ nonce, untilBlock }: SignedExtrinsic): Promise<boolean> {
    return this.read(() => this.finalized.nonce > nonce || this.finalized.block >= untilBlock);
  }

  declare(order: DealOrder, options: SubmitOptions): Promise<number> {
    return this.submit(order.fid, (state) => this.fileBank.declare(state, order), options);
  }

  deleteFile(owner: CessAccount, fid: Fid, options: SubmitOptions): Promise<number> {
    return this.submit(fid, (state) => this.fileBank.delete(state, owner, fid), options);
  }

  sign(message: Uint8Array): Uint8Array {
    return message;
  }

  watch(listener: (event: ChainEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.stop();
    return Promise.resolve();
  }

  // ---- blocks ----

  private async make(clock: Clock, blockMs: number, ended: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(blockMs, ended).catch(() => undefined);
      if (ended.aborted) return;
      this.advance();
    }
  }

  protected get best(): State {
    return this.history[this.history.length - 1]!;
  }

  protected get finalized(): State {
    return this.history.find(({ block }) => block === this.finalBlock)!;
  }

  private at(at: "best" | "finalized"): State {
    return at === "best" ? this.best : this.finalized;
  }

  protected async read<T>(read: () => T): Promise<T> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.connected) throw new ChainUnavailable("no endpoint answers");
    return read();
  }

  /** As the real client: a nonce, the save, the pool, a finalized block. An abort leaves the extrinsic in the pool. */
  protected async submit(fid: Fid, apply: Pending["apply"], { onSigned, signal }: SubmitOptions): Promise<number> {
    signal?.throwIfAborted();
    await this.read(() => undefined);
    const signed = { nonce: this.freeNonce(), untilBlock: this.best.block + this.settings.era };
    this.reserved.add(signed.nonce);
    try {
      await onSigned?.(signed);
    } finally {
      this.reserved.delete(signed.nonce);
    }
    if (this.dropNext > 0) {
      this.dropNext--;
      throw new ExtrinsicLost("dropped from the pool");
    }
    return new Promise<number>((resolve, reject) => {
      const settle = (outcome: Error | number) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
      this.pool.push({ fid, signed, apply, settle });
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      this.onSubmitted?.();
    });
  }

  private freeNonce(): number {
    const used = new Set([
      ...this.reserved,
      ...this.pool.filter(({ lost }) => lost !== true).map(({ signed }) => signed?.nonce),
    ]);
    let nonce = this.best.nonce;
    while (used.has(nonce)) nonce++;
    return nonce;
  }

  private produce(): void {
    const state = nextState(this.best);
    this.history.push(state);
    if (!this.finalityStalled) this.finalBlock = Math.max(this.finalBlock, state.block - this.settings.finalityLag);
    while (this.history[0]!.block < this.finalBlock - KEPT_BLOCKS) this.history.shift();
    const waiting = this.pool.sort((a, b) => (a.signed?.nonce ?? -1) - (b.signed?.nonce ?? -1));
    this.pool = waiting.filter((pending) => !this.include(state, pending));
    const final = this.finalizing.filter(({ block }) => block <= this.finalBlock);
    this.finalizing = this.finalizing.filter(({ block }) => block > this.finalBlock);
    for (const { done } of final) done();
    this.onBlock?.();
  }

  /** True when the extrinsic has left the pool. */
  private include(state: State, pending: Pending): boolean {
    const { signed, apply, settle, fid } = pending;
    if (signed) {
      if (signed.nonce < state.nonce || state.block > signed.untilBlock) {
        settle(new ExtrinsicLost("its nonce is used or its era is over"));
        return true;
      }
      if (signed.nonce > state.nonce || pending.lost === true || this.blocksFull) return false;
      state.nonce++;
    }
    const block = state.block;
    try {
      const kind = apply(state);
      this.finalizing.push({
        block,
        pending,
        done: () => {
          for (const listener of this.listeners) listener({ kind, fid, block });
          settle(block);
        },
      });
    } catch (error) {
      this.refusals++;
      this.finalizing.push({ block, pending, done: () => settle(error as Error) });
    }
    return true;
  }
}

import { EventEmitter } from "node:events";
import type { Clock } from "../../model/clock.js";
import { extrinsicsOf, seal } from "./block.js";
import type { SignedExtrinsic } from "./extrinsic.js";
import { genesisState, type Genesis } from "./genesis.js";
import { Pool, type PoolSettings, type PoolStatus } from "./pool.js";
import type { Runtime } from "./runtime.js";
import { STATE_BLOCKS, type ChainStore, type StoredBlock } from "./store.js";
import type { State } from "./state.js";
import { toHex } from "./scale/bytes.js";
import { blake2AsU8a } from "@polkadot/util-crypto";

export interface ChainSettings {
  /** Blocks behind the best one that are not yet final. */
  readonly finalityLag: number;
  readonly genesis: Genesis;
  readonly pool: PoolSettings;
  /** Bytes of extrinsics in one block; the real runtime's share for normal extrinsics. */
  readonly blockBytesLimit: number;
}

/** Events for listeners, for one block in this order: block, statuses, finalized. */
interface ChainEvents {
  block: [block: StoredBlock];
  finalized: [block: StoredBlock];
  status: [extrinsicHash: string, status: PoolStatus | { readonly inBlock: string }];
}

/** The blocks, in one line without forks. Builds the next one, keeps the pool, and makes blocks final. */
export class Chain extends EventEmitter<ChainEvents> {
  readonly pool: Pool;
  readonly genesisHash: string;
  private bestBlock: StoredBlock;
  private finalizedNumber: number;
  /** A fault: while set, nothing more becomes final. */
  finalityHeld = false;

  constructor(
    readonly components: { readonly runtime: Runtime; readonly store: ChainStore; readonly clock: Clock },
    readonly settings: ChainSettings,
  ) {
    super();
    this.setMaxListeners(0);
    const { store, runtime, clock } = components;
    if (store.best() === undefined) {
      const changes = genesisState(runtime, settings.genesis, clock.now());
      store.commit(seal(undefined, changes, []), changes);
    }
    this.bestBlock = present(store.best());
    this.genesisHash = present(store.byNumber(0)).hash;
    runtime.genesisHash = this.genesisHash;
    this.finalizedNumber = Math.max(0, this.bestBlock.number - settings.finalityLag);
    this.pool = new Pool(runtime, settings.pool, (hash, status) => this.emit("status", hash, status));
  }

  get best(): StoredBlock {
    return this.bestBlock;
  }

  get finalized(): StoredBlock {
    return present(this.components.store.byNumber(this.finalizedNumber));
  }

  /** The state after the best block. */
  get state(): State {
    return this.components.store.stateAt(this.bestBlock.number);
  }

  /** The state after a block; undefined when it has been discarded. */
  stateOf(block: StoredBlock): State | undefined {
    return block.number > this.bestBlock.number - STATE_BLOCKS
      ? this.components.store.stateAt(block.number)
      : undefined;
  }

  submit(extrinsic: SignedExtrinsic): void {
    const { state, best } = this;
    this.pool.submit(extrinsic, { ...best, state });
    this.pool.promote(state);
  }

  /** Builds the next block from what the pool has ready and makes it durable. */
  build(): StoredBlock {
    const { runtime, store, clock } = this.components;
    const parent = this.bestBlock;
    const parentState = store.stateAt(parent.number);
    // Every block is later than its parent, also when the machine's clock goes back.
    const now = Math.max(clock.now(), Number(runtime.timestamp.now.get(parentState)) + 1);
    const execution = runtime.begin(parentState, parent, now);
    let bytes = 0;
    for (const entry of this.pool.ready(parentState)) {
      const { extrinsic } = entry;
      if (entry.ignored || bytes + extrinsic.bytes.length > this.settings.blockBytesLimit) continue;
      const invalidity = runtime.validateAgain(extrinsic, execution.state);
      // An earlier nonce was left out, so this one waits for it.
      if (invalidity === "Future") continue;
      if (invalidity !== undefined) {
        this.pool.drop(entry, "invalid");
        continue;
      }
      execution.apply(extrinsic);
      bytes += extrinsic.bytes.length;
    }
    const changes = execution.finish();
    const block = seal(parent, changes, execution.extrinsics);
    store.commit(block, changes);
    this.bestBlock = block;
    this.announce(block);
    return block;
  }

  private announce(block: StoredBlock): void {
    const included = extrinsicsOf(block).map((bytes) => toHex(blake2AsU8a(bytes, 256)));
    const { state } = this;
    this.emit("block", block);
    for (const hash of included) this.emit("status", hash, { inBlock: block.hash });
    this.pool.advance(included, { ...block, state });
    this.pool.promote(state);
    this.finalize();
  }

  /** Makes final what is old enough. */
  finalize(): void {
    if (this.finalityHeld) return;
    const target = this.bestBlock.number - this.settings.finalityLag;
    while (this.finalizedNumber < target) {
      this.finalizedNumber += 1;
      this.emit("finalized", this.finalized);
    }
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the dev chain's store lacks a block that it must have");
  return value;
}

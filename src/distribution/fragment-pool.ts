import { FRAGMENT_SIZE } from "../model/sizes.js";
import { ChunkPool } from "../streams/chunk-pool.js";

/**
 * Memory of fragments, 8 MiB each, which the encoder's threads write to and the sockets read from, used again: new memory
 * for each fragment would cost the system page faults, and the engine a collection of all garbage for every few of them.
 */
export class FragmentPool {
  private readonly pool: ChunkPool;
  private users = 0;

  /** `kept`: unused fragments that are kept, at most. */
  constructor(kept: number) {
    this.pool = new ChunkPool(FRAGMENT_SIZE, kept, (bytes) => new SharedArrayBuffer(bytes));
  }

  /** Unused memory is kept until the last user ends, by the returned function, which is called once. */
  use(): () => void {
    this.users++;
    return () => {
      this.users--;
      if (this.users === 0) this.pool.clear();
    };
  }

  /** What is in it is left of earlier fragments. */
  take(fragments: number): readonly Uint8Array[] {
    return Array.from({ length: fragments }, () => this.pool.take());
  }

  /** Nobody reads or writes these bytes any more. Optional, as `ChunkPool.giveBack`. */
  giveBack(memory: Uint8Array): void {
    this.pool.giveBack(memory);
    if (this.users === 0) this.pool.clear();
  }
}

import { FRAGMENT_SIZE } from "../model/sizes.js";

/**
 * Memory of fragments, 8 MiB each, which the encoder's threads write to and the sockets read from, used again: new memory
 * for each fragment would cost the system page faults, and the engine a collection of all garbage for every few of them.
 * Giving memory back is optional: what is not given back is garbage collected.
 */
export class FragmentMemory {
  private readonly free: Uint8Array[] = [];
  private readonly lent = new WeakSet<Uint8Array>();
  private users = 0;

  /** `kept`: unused fragments that are kept, at most. */
  constructor(private readonly kept: number) {}

  /** Unused memory is kept until the last user ends, by the returned function, which is called once. */
  use(): () => void {
    this.users++;
    return () => {
      this.users--;
      if (this.users === 0) this.free.splice(0);
    };
  }

  /** What is in it is left of earlier fragments. */
  take(fragments: number): readonly Uint8Array[] {
    return Array.from({ length: fragments }, () => {
      const memory = this.free.pop() ?? new Uint8Array(new SharedArrayBuffer(FRAGMENT_SIZE));
      this.lent.add(memory);
      return memory;
    });
  }

  /** Nobody reads or writes these bytes any more. Ignores those of other origin. */
  giveBack(memory: Uint8Array): void {
    if (!this.lent.delete(memory) || this.users === 0 || this.free.length >= this.kept) return;
    this.free.push(memory);
  }
}

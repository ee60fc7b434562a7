/**
 * The nonces of one account's extrinsics. Counts on from the chain's answer, since that does not include extrinsics
 * under way. Not for concurrent use: the submitter signs one extrinsic after the other.
 */
export class Nonces {
  private readonly used = new Set<number>();
  private returned: number[] = [];
  private next: number | undefined;

  /**
   * Whether the chain must be asked before `take`: always when nothing is on its way, since somebody else may have used
   * the account, or an extrinsic may have been lost.
   */
  get unknown(): boolean {
    return this.next === undefined || this.used.size === 0;
  }

  /** The lowest nonce that is free. `next` is the chain's own answer, where it was asked. */
  take(next: number | undefined): number {
    if (next !== undefined) {
      this.forget();
      this.next = next;
    }
    if (this.next === undefined) throw new Error("the chain must be asked for the first nonce");
    let nonce = Math.min(this.next, ...this.returned);
    while (this.used.has(nonce)) nonce++;
    this.returned = this.returned.filter((returned) => returned !== nonce);
    this.next = Math.max(this.next, nonce + 1);
    this.used.add(nonce);
    return nonce;
  }

  /** The chain has counted the nonce: its extrinsic was included, with success or not, or another one used it. */
  spent(nonce: number): void {
    this.used.delete(nonce);
  }

  /**
   * The nonce's extrinsic was not included and never will be. The next one takes the nonce, since all later ones wait
   * for it.
   */
  release(nonce: number): void {
    this.used.delete(nonce);
    this.returned.push(nonce);
  }

  /** The count is wrong: ask the chain again. */
  forget(): void {
    this.returned = [];
    this.next = undefined;
  }
}

/**
 * Which nonce an account's next extrinsic carries. Counts by itself from what the chain said once, since the chain's
 * answer lags behind what is on its way. Not for concurrent use: the submitter signs one extrinsic after the other.
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

  /** The chain has counted it: included, whatever came of it, or used by another extrinsic. */
  spent(nonce: number): void {
    this.used.delete(nonce);
  }

  /**
   * It was never included and will not be. The next extrinsic fills the hole, or all later ones would wait behind it.
   */
  release(nonce: number): void {
    this.used.delete(nonce);
    this.returned.push(nonce);
  }

  /** The count proved wrong: ask the chain again. */
  forget(): void {
    this.returned = [];
    this.next = undefined;
  }
}

/** Signed bytes on their way. */
export interface SentExtrinsic {
  /** The very bytes, as hex: sending them again can never do the thing twice. */
  readonly hex: string;
  /** They can be included up to this block. */
  readonly untilBlock: number;
  /** The final block at which they are sent. */
  readonly sentAt: number;
}

/** What a final block makes to do. */
export interface DueExtrinsics {
  /** Extrinsics, as hex, that others signed, perhaps before they died, and that must be sent again. */
  readonly resend: readonly string[];
  /** A nonce that nobody uses keeps later ones from being included: it must be used. */
  readonly gap: boolean;
}

/**
 * The nonces of one account's extrinsics: each is given out once, and none is left out. Not for concurrent use: the
 * submitter signs one extrinsic after the other.
 */
export interface Nonces {
  /** Whether `take` needs the chain's own answer for the account's next nonce. */
  readonly unknown: boolean;
  /** The lowest nonce that is free. `next` is the chain's own answer, where it was asked. */
  take(next: number | undefined): Promise<number>;
  /** The nonce's extrinsic is signed, and is about to be sent. Rejects with ExtrinsicLost when it must not be. */
  signed(nonce: number, extrinsic: SentExtrinsic): Promise<void>;
  /** The chain has counted the nonce: its extrinsic was included, with success or not, or another one used it. */
  spent(nonce: number): void;
  /**
   * The nonce's extrinsic was not included and never will be. The next one takes the nonce, since all later ones wait
   * for it.
   */
  release(nonce: number): Promise<void>;
  /** The count is wrong: ask the chain again. */
  forget(): void;
  /** Whether others may have extrinsics of the account under way, so that each final block must be told. */
  others(): Promise<boolean>;
  /** Final block `block` counts `nonce` extrinsics of the account. `resendBefore`: what was sent before is sent again. */
  finalized(block: number, nonce: number, resendBefore: number): Promise<DueExtrinsics>;
}

/**
 * The nonces of an account that only this process signs for. Counts on from the chain's answer, since that does not include
 * extrinsics under way.
 */
export class MemoryNonces implements Nonces {
  private readonly used = new Set<number>();
  private returned: number[] = [];
  private next: number | undefined;

  /** Always when nothing is on its way, since somebody else may have used the account, or an extrinsic been lost. */
  get unknown(): boolean {
    return this.next === undefined || this.used.size === 0;
  }

  async take(next: number | undefined): Promise<number> {
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
    return Promise.resolve(nonce);
  }

  signed(): Promise<void> {
    return Promise.resolve();
  }

  spent(nonce: number): void {
    this.used.delete(nonce);
  }

  release(nonce: number): Promise<void> {
    this.used.delete(nonce);
    this.returned.push(nonce);
    return Promise.resolve();
  }

  forget(): void {
    this.returned = [];
    this.next = undefined;
  }

  others(): Promise<boolean> {
    return Promise.resolve(false);
  }

  finalized(): Promise<DueExtrinsics> {
    return Promise.resolve({ resend: [], gap: false });
  }
}

import type { Fid } from "../../src/model/hash.js";
import type { SubmitOptions } from "../../src/network/chain/chain.js";
import type { Nonces } from "../../src/network/chain/nonces.js";
import type { Pending } from "./memory-chain-state.js";
import { MemoryChain } from "./memory-chain.js";

/** With the nonces of a gateway that shares its account with others. */
export interface SharedSubmitOptions extends SubmitOptions {
  readonly nonces?: Nonces;
}

/** The chain for several gateways with one signing account: they choose the nonces, as the real client does. */
export class SharedMemoryChain extends MemoryChain {
  private signatures = 0;
  /** Extrinsics that were signed with a nonce of one that may still be included, or was. */
  noncesUsedTwice = 0;

  /** The same for a gateway that shares the account with others. What does not reach the pool can be sent again. */
  protected override async submit(
    fid: Fid,
    apply: Pending["apply"],
    { onSigned, signal, nonces }: SharedSubmitOptions,
  ): Promise<number> {
    if (!nonces) throw new Error("the account is shared");
    signal?.throwIfAborted();
    await this.read(() => undefined);
    const nonce = await nonces.take(this.nextIndex());
    const signed = { nonce, untilBlock: this.best.block + this.settings.era };
    const hex = `0x${(++this.signatures).toString(16)}`;
    try {
      await onSigned?.(signed);
      signal?.throwIfAborted();
      await nonces.signed(nonce, { hex, untilBlock: signed.untilBlock, sentAt: this.finalized.block });
    } catch (error) {
      await nonces.release(nonce);
      throw error;
    }
    // From here on anybody may send it.
    const lost = this.dropNext > 0;
    if (lost) this.dropNext--;
    const rival = this.pool.find(
      (pending) => pending.signed?.nonce === nonce && this.finalized.block < pending.signed.untilBlock,
    );
    if (rival || nonce < this.finalized.nonce) this.noncesUsedTwice++;
    try {
      return await new Promise<number>((resolve, reject) => {
        const settle = (outcome: Error | number) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
        this.pool.push({ fid, signed, apply, settle, hex, lost });
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    } finally {
      nonces.spent(nonce);
    }
  }

  /** Bytes that somebody sends again. */
  resend(hex: string): void {
    for (const pending of this.pool) if (pending.hex === hex) pending.lost = false;
  }

  /** An extrinsic that does nothing but use its nonce. */
  remark(nonces: Nonces): Promise<number> {
    return this.submit("" as Fid, () => "deleted", { nonces });
  }

  /** What the node of an endpoint says is the account's next nonce. */
  private nextIndex(): number {
    const waiting = new Set(this.pool.filter(({ lost }) => lost !== true).map(({ signed }) => signed?.nonce));
    let nonce = this.best.nonce;
    while (waiting.has(nonce)) nonce++;
    return nonce;
  }

  get final(): { readonly block: number; readonly nonce: number } {
    const { block, nonce } = this.finalized;
    return { block, nonce };
  }
}

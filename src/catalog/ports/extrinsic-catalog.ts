/** An extrinsic's nonce that was taken, and that no final block has settled yet. */
export interface TakenNonce {
  readonly id: string;
  readonly nonce: number;
  /** Whether the signed bytes are kept, to be sent again. */
  readonly signed: boolean;
}

/** The extrinsics of accounts that several gateways sign for, from when a nonce is taken until a final block settles it. */
export interface ExtrinsicCatalog {
  /**
   * Takes the lowest nonce of the account from `next` on that is free. Unless it is signed within `reserveMs`, it may be
   * taken by somebody else from then on.
   */
  take(account: string, next: number, reserveMs: number): Promise<TakenNonce>;
  /**
   * Keeps the signed bytes (hex), which can be included up to block `untilBlock`, before they are sent at final block
   * `block`. False when the nonce is its taker's no longer: then they must not be sent.
   */
  sign(
    id: string,
    signed: { readonly bytes: string; readonly untilBlock: number; readonly block: number },
  ): Promise<boolean>;
  /** The nonce is free again: it was not signed, or what was signed can never be included. */
  drop(id: string): Promise<void>;
  /** All of the account, in order of their nonces. */
  open(account: string): Promise<readonly TakenNonce[]>;
  /**
   * At final block `block` the chain counts `nonce` extrinsics of the account: forgets those that are included, those that can
   * never be, and nonces that were not signed in time.
   */
  settle(account: string, at: { readonly block: number; readonly nonce: number }): Promise<void>;
  /**
   * The bytes of extrinsics that were sent last before final block `before`, in order of their nonces, except those with these
   * ids; they count as sent at `block` from now on.
   */
  resend(
    account: string,
    when: { readonly block: number; readonly before: number; readonly except: readonly string[] },
  ): Promise<readonly string[]>;
}

import type { CessAccount } from "../../model/account.js";
import type { SubmitOptions } from "./chain.js";
import { publicKeyOf, verifySignature } from "./accounts.js";
import { ethereumSigner, type WalletType } from "./wallets.js";

/** What an owner signs so that another account may submit the authorization of `oss`, a gateway. */
export interface AuthorizationPayload {
  readonly oss: CessAccount;
  /** A block number: how runtimes take it is theirs, see `takesExpiry`. */
  readonly exp: number;
}

/** An authorization that its owner has signed. */
export interface SignedAuthorization {
  readonly account: CessAccount;
  readonly type: WalletType;
  readonly payload: AuthorizationPayload;
  readonly signature: Uint8Array;
}

/** Submits authorizations that others have signed, and pays for them. All reject with ChainUnavailable. */
export interface ProxyAuthorizer {
  /** The gateway's own account, which is to be authorized. */
  readonly account: CessAccount;
  authorized(owner: CessAccount): Promise<boolean>;
  /** The newest final block: what `exp` is counted from. */
  finalizedBlock(): Promise<number>;
  /** Whether the runtime takes authorizations that a wallet of this type has signed. */
  takesAuthorizations(type: WalletType): Promise<boolean>;
  /** Resolves when it is in a final block. Rejects with ChainRefusal, whose fee is paid, and as `Chain.declare` does. */
  authorizeByProxy(signed: SignedAuthorization, options?: SubmitOptions): Promise<void>;
}

/** The runtimes' limit, in blocks. */
const EXPIRY_BLOCKS = 100;
/** Blocks that are left for the extrinsic to be included. */
const MARGIN_BLOCKS = 20;

/**
 * The payload to sign now. Older runtimes refuse one whose `exp` is 100 blocks ahead or more, newer ones one whose `exp` is
 * 100 blocks past or more: the present block is good for both.
 */
export function authorizationPayload(oss: CessAccount, finalizedBlock: number): AuthorizationPayload {
  return { oss, exp: finalizedBlock };
}

/** Whether every runtime takes this `exp` now and for a few blocks more. */
export function takesExpiry(exp: number, finalizedBlock: number): boolean {
  return exp + EXPIRY_BLOCKS > finalizedBlock + MARGIN_BLOCKS && exp < finalizedBlock + EXPIRY_BLOCKS - MARGIN_BLOCKS;
}

/** The payload's bytes, as wallets take them that put `<Bytes>…</Bytes>` around what they sign. Throws InvalidAccount. */
export function payloadBytes({ oss, exp }: AuthorizationPayload): Uint8Array {
  const block = Buffer.alloc(4);
  block.writeUInt32LE(exp);
  return Buffer.concat([publicKeyOf(oss), block]);
}

/** What is signed. */
export function authorizationMessage(payload: AuthorizationPayload): Uint8Array {
  return Buffer.concat([Buffer.from("<Bytes>"), payloadBytes(payload), Buffer.from("</Bytes>")]);
}

/** Whether the runtime will find the signature to be the account's: asked before anything is paid. */
export function isSignedByOwner({ account, type, payload, signature }: SignedAuthorization): boolean {
  const message = authorizationMessage(payload);
  if (type === "sr25519") return verifySignature(account, message, signature);
  return ethereumSigner(message, signature)?.account === account;
}

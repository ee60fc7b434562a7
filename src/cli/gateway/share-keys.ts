import { hkdfSync } from "node:crypto";
import { KeyRing } from "../../keys/key-ring.js";
import { agreedSecret, type Signer } from "../../network/chain/accounts.js";
import { publicKeyOf } from "../../network/chain/address.js";

const INFO = "cess-s3 share 1";
const KEY_BYTES = 32;

/** 64 hex digits of a public key that is given so, or as an SS58 address. Throws InvalidAccount. */
export function publicKeyHex(text: string): string {
  const hex = /^(?:0x)?([0-9a-f]{64})$/i.exec(text)?.[1];
  return hex?.toLowerCase() ?? Buffer.from(publicKeyOf(text)).toString("hex");
}

/**
 * The keys of a share, which the gateway that shares and the recipient have, and nobody else: each agrees on them with the other
 * one's public key. `signer`: one of the two. Throws where the other key is none of sr25519.
 */
export function shareKeys(signer: Signer, keys: { readonly sharer: string; readonly recipient: string }): KeyRing {
  const own = Buffer.from(signer.pair.publicKey).toString("hex");
  const other = own === keys.sharer ? keys.recipient : keys.sharer;
  const secret = agreedSecret(signer, Buffer.from(other, "hex"));
  const both = Buffer.from(keys.sharer + keys.recipient, "hex");
  const master = new Uint8Array(hkdfSync("sha256", secret, both, INFO, KEY_BYTES));
  return new KeyRing({ master: [master], kms: new Map(), ciphers: new Map() });
}

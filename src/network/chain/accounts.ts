import { readFile } from "node:fs/promises";
import { Keyring } from "@polkadot/keyring";
import { decodePair } from "@polkadot/keyring/pair/decode";
import type { KeyringPair } from "@polkadot/keyring/types";
import { u8aWrapBytes } from "@polkadot/util";
import {
  base58Decode,
  base58Encode,
  cryptoWaitReady,
  keyExtractSuri,
  mnemonicValidate,
  sr25519Agreement,
  sr25519Verify,
} from "@polkadot/util-crypto";
import { z } from "zod";
import type { CessAccount } from "../../model/account.js";
import { CESS_SS58_PREFIX, formatAccount, publicKeyOf } from "./address.js";

export { CESS_SS58_PREFIX, formatAccount, InvalidAccount, parseAccount, publicKeyOf } from "./address.js";

const SIGNATURE_SIZE = 64;

/** An account that can sign. The secret stays inside the pair. */
export interface Signer {
  readonly account: CessAccount;
  readonly pair: KeyringPair;
}

/**
 * Whether `signature` is the account's sr25519 signature of `message`, bare or in the `<Bytes>…</Bytes>` that wallets
 * put around a text before they sign it. False for anything malformed.
 */
export function verifySignature(account: string, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_SIZE) return false;
  try {
    const key = publicKeyOf(account);
    return [message, u8aWrapBytes(message)].some((signed) => sr25519Verify(signed, signature, key));
  } catch {
    return false;
  }
}

/**
 * What two accounts can both compute, each from its own key and the other's public one, and nobody else: 32 bytes. Throws where
 * that is no key of sr25519.
 */
export function agreedSecret({ pair }: Signer, publicKey: Uint8Array): Uint8Array {
  const { secretKey } = decodePair(undefined, pair.encodePkcs8(), "none");
  return sr25519Agreement(secretKey, publicKey);
}

/** As the chain's tools write bytes that are no address. */
export function toBase58(bytes: Uint8Array): string {
  return base58Encode(bytes);
}

/** Undefined for what is no base58. */
export function fromBase58(text: string): Uint8Array | undefined {
  return /^[1-9A-HJ-NP-Za-km-z]{1,128}$/.test(text) ? base58Decode(text) : undefined;
}

/** From a mnemonic, with derivation path and password if it has any: `word … word//path///password`, or `//Alice`. */
export async function signerFromMnemonic(mnemonic: string): Promise<Signer> {
  await cryptoWaitReady();
  try {
    const suri = mnemonic.trim();
    // The library takes any other text of up to 32 bytes for a key: a mnemonic with words missing would be another account.
    if (!suri.startsWith("/") && !isPhrase(keyExtractSuri(suri).phrase)) throw new Error("not a mnemonic");
    return signer(ring().addFromUri(suri));
  } catch {
    // The library's own message may quote the secret.
    throw new Error("the mnemonic cannot be read: it must be 12 to 24 English BIP-39 words with a valid checksum");
  }
}

/** A mnemonic, or the seed itself in hex. */
function isPhrase(phrase: string): boolean {
  return /^0x[0-9a-f]{64}$/i.test(phrase) || mnemonicValidate(phrase);
}

/** From a file that holds nothing but the mnemonic. */
export async function signerFromMnemonicFile(path: string): Promise<Signer> {
  return signerFromMnemonic(await readFile(path, "utf8"));
}

const encryptions = z.enum(["none", "scrypt", "xsalsa20-poly1305"]);

/** The oldest keystores have one word as `content`, and as `type`. The library checks the values. */
const keystoreSchema = z.object({
  address: z.string(),
  encoded: z.string(),
  encoding: z.object({
    content: z.union([z.array(z.string()), z.string().transform((word) => [word])]),
    type: z.union([encryptions, z.array(encryptions)]),
    version: z.enum(["0", "1", "2", "3"]),
  }),
  meta: z.record(z.string(), z.unknown()),
});

/** From a keystore file as polkadot.js and other wallets export it (JSON), unlocked with its password. sr25519 only. */
export async function signerFromKeystore(path: string, password: string): Promise<Signer> {
  await cryptoWaitReady();
  const text = await readFile(path, "utf8");
  let pair: KeyringPair;
  try {
    pair = ring().addFromJson(keystoreSchema.parse(JSON.parse(text)));
  } catch (error) {
    throw new Error(`${path} is not a wallet's keystore file`, { cause: error });
  }
  if (pair.type !== "sr25519")
    throw new Error(`${path} holds a key of type ${pair.type}; storage nodes verify sr25519 only`);
  try {
    pair.unlock(password);
  } catch {
    throw new Error(`the password does not open ${path}`);
  }
  return signer(pair);
}

function ring(): Keyring {
  return new Keyring({ type: "sr25519", ss58Format: CESS_SS58_PREFIX });
}

function signer(pair: KeyringPair): Signer {
  return { account: formatAccount(pair.publicKey), pair };
}

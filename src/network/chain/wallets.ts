import { u8aConcat } from "@polkadot/util";
import {
  blake2AsU8a,
  cryptoWaitReady,
  ethereumEncode,
  evmToAddress,
  keccakAsU8a,
  secp256k1Recover,
} from "@polkadot/util-crypto";
import type { CessAccount } from "../../model/account.js";
import { CESS_SS58_PREFIX, formatAccount, InvalidAccount, parseAccount, verifySignature } from "./accounts.js";

/** How a wallet signs: sr25519, bare or in `<Bytes>…</Bytes>`; or as Ethereum's personal_sign does (EIP-191). */
export const WALLET_TYPES = ["sr25519", "ethereum"] as const;
export type WalletType = (typeof WALLET_TYPES)[number];

/** A CESS account by its address, or an Ethereum address, `0x` and 40 hex digits in lower case. */
export type WalletAddress = CessAccount | `0x${string}`;

const ETHEREUM_ADDRESS = /^0x[0-9a-f]{40}$/i;
const ETHEREUM_SIGNATURE_BYTES = 65;

/** The one form of an address, whatever SS58 prefix or case it was written with. Throws InvalidAccount. */
export function parseWalletAddress(text: string): WalletAddress {
  if (ETHEREUM_ADDRESS.test(text)) return text.toLowerCase() as WalletAddress;
  if (text.startsWith("0x")) throw new InvalidAccount(text, "an Ethereum address has 0x and 40 hex digits");
  return parseAccount(text);
}

/** Who made an Ethereum signature. */
export interface EthereumSigner {
  readonly address: `0x${string}`;
  /** The account whose calls the runtime takes from this key, and whose authorization it takes by proxy. */
  readonly account: CessAccount;
  /** The account that the runtime's EVM acts for when this address sends a transaction. */
  readonly evmAccount: CessAccount;
}

/**
 * The signer of `message` by EIP-191; undefined for what is no signature. Any 65 bytes may have some signer, which only
 * says something where it is the one that was expected.
 */
export function ethereumSigner(message: Uint8Array, signature: Uint8Array): EthereumSigner | undefined {
  if (signature.length !== ETHEREUM_SIGNATURE_BYTES) return undefined;
  const v = signature[ETHEREUM_SIGNATURE_BYTES - 1] ?? 0;
  const recovery = v >= 27 ? v - 27 : v;
  if (recovery > 1) return undefined;
  try {
    // Compressed, which is what the last argument chooses.
    const key = secp256k1Recover(personalHash(message), signature.subarray(0, 64), recovery, "blake2");
    const address = ethereumEncode(key).toLowerCase() as `0x${string}`;
    return {
      address,
      account: formatAccount(blake2AsU8a(key, 256)),
      evmAccount: evmToAddress(address, CESS_SS58_PREFIX) as CessAccount,
    };
  } catch {
    // The library throws for bytes that cannot be a signature.
    return undefined;
  }
}

/** What EIP-191 hashes of a message. */
export function personalMessage(message: Uint8Array): Uint8Array {
  return u8aConcat(`\u0019Ethereum Signed Message:\n${message.length}`, message);
}

function personalHash(message: Uint8Array): Uint8Array {
  return keccakAsU8a(personalMessage(message), 256);
}

/**
 * The CESS account of `address`, where `signature` is its signature of `message`; undefined where it is not. An Ethereum
 * address stands for the account that can authorize by proxy; its EVM account can be named by its own address.
 */
export function signedBy(
  address: WalletAddress,
  type: WalletType,
  message: Uint8Array,
  signature: Uint8Array,
): CessAccount | undefined {
  if (type === "sr25519") {
    if (address.startsWith("0x")) return undefined;
    return verifySignature(address, message, signature) ? (address as CessAccount) : undefined;
  }
  const signer = ethereumSigner(message, signature);
  if (signer === undefined) return undefined;
  if (address === signer.address) return signer.account;
  return [signer.account, signer.evmAccount].find((account) => account === address);
}

/** Signatures can be verified from then on. */
export async function walletsReady(): Promise<void> {
  await cryptoWaitReady();
}

import { createHash } from "node:crypto";
import { base58 } from "@scure/base";
import type { CessAccount } from "../../model/account.js";

/*
 * SS58, the form of the chain's addresses: a prefix of one or two bytes, the public key, and the beginning of a hash of
 * both, in base58. Apart from the keys that sign, because every process needs it, and polkadot's library is large.
 */

/**
 * CESS addresses carry this SS58 prefix, so they begin with `c`. All runtimes so far have it; the network's tools expect
 * 11331 of a main network. Here, an account is always written with this one; `CessChain.address` has the chain's own.
 */
export const CESS_SS58_PREFIX = 11330;

const PUBLIC_KEY_SIZE = 32;
const CHECKSUM_SIZE = 2;
/** Bytes of addresses of short account indexes, which have a checksum of one byte, and of keys. */
const INDEX_LENGTHS = [3, 4, 6, 10];
const KEY_LENGTHS = [35, 36, 37, 38];
/** Prefixes that stand for other things. */
const RESERVED = [46, 47];

/** The text is not an account's address; the message says what is wrong with it. */
export class InvalidAccount extends Error {
  constructor(text: string, why: string) {
    super(`"${text.slice(0, 80)}" is no CESS account: ${why}`);
    this.name = "InvalidAccount";
  }
}

/**
 * The CESS address of the same public key, whatever SS58 prefix the text has: wallets show one key under several
 * prefixes. Throws InvalidAccount for a wrong checksum, wrong length, or text that is no base58.
 */
export function parseAccount(text: string): CessAccount {
  return formatAccount(publicKeyOf(text));
}

/** The CESS address of a public key of 32 bytes. */
export function formatAccount(publicKey: Uint8Array): CessAccount {
  return encoded(publicKey, CESS_SS58_PREFIX) as CessAccount;
}

/** The address of the same public key under another SS58 prefix. */
export function addressWithPrefix(account: CessAccount, prefix: number): string {
  return encoded(publicKeyOf(account), prefix);
}

/** The public key of an SS58 address: 32 bytes. Throws InvalidAccount. */
export function publicKeyOf(address: string): Uint8Array {
  if (!/^[1-9A-HJ-NP-Za-km-z]+$/.test(address)) throw new InvalidAccount(address, "it is not base58 text");
  // Decoding takes longer than the square of the length.
  const bytes = address.length > 80 ? new Uint8Array() : base58.decode(address);
  const isIndex = INDEX_LENGTHS.includes(bytes.length);
  const [first = 0] = bytes;
  if ((!isIndex && !KEY_LENGTHS.includes(bytes.length)) || first >= 0x80 || RESERVED.includes(first))
    throw new InvalidAccount(address, "it is no SS58 address");
  const end = bytes.length - (isIndex ? 1 : CHECKSUM_SIZE);
  const expected = checksum(bytes.subarray(0, end));
  if (bytes.subarray(end).some((byte, at) => byte !== expected[at]))
    throw new InvalidAccount(address, "its checksum is wrong; is a letter mistyped?");
  const key = bytes.slice(first < 0x40 ? 1 : 2, end);
  if (key.length !== PUBLIC_KEY_SIZE)
    throw new InvalidAccount(address, `it names ${key.length} bytes, not ${PUBLIC_KEY_SIZE}`);
  return key;
}

/** `prefix`: 0…16383; from 64 on it takes two bytes. */
function encoded(publicKey: Uint8Array, prefix: number): string {
  if (publicKey.length !== PUBLIC_KEY_SIZE)
    throw new RangeError(`a public key has ${PUBLIC_KEY_SIZE} bytes, not ${publicKey.length}`);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 16_383 || RESERVED.includes(prefix))
    throw new RangeError(`there is no SS58 prefix ${prefix}`);
  const begin = prefix < 64 ? [prefix] : [((prefix & 0xfc) >> 2) | 0x40, (prefix >> 8) | ((prefix & 0x03) << 6)];
  const body = Uint8Array.from([...begin, ...publicKey]);
  return base58.encode(Uint8Array.from([...body, ...checksum(body).subarray(0, CHECKSUM_SIZE)]));
}

function checksum(body: Uint8Array): Uint8Array {
  return createHash("blake2b512").update("SS58PRE").update(body).digest();
}

/** A SHA-256 digest as 64 lower-case hex digits: how CESS names segments and fragments. */
export type Hash = string & { readonly __brand: "Hash" };

/** A file's identity on CESS: the Merkle root over its segment hashes, as 64 lower-case hex digits. */
export type Fid = Hash & { readonly __fid: true };

const HEX64 = /^[0-9a-f]{64}$/;

/** False for upper-case digits: the chain accepts them at declaration and jams later (BugInvalid). */
export function isHash(text: string): text is Hash {
  return HEX64.test(text);
}

/** SHA-256 of 8 MiB of zeros; storage nodes accept this fragment without a body. */
export const ZERO_FRAGMENT_HASH = "2daeb1f36095b44b318410b3f4e8b5d989dcc7bb023d1426c492dab0a3053e74" as Hash;

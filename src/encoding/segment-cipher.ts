import { createCipheriv, createDecipheriv, type Cipher } from "node:crypto";

/** AES works on blocks of this many bytes; the padding of a full plaintext is one block. */
export const CIPHER_BLOCK = 16;

/**
 * The user's text filled on the right with `0` to 32 bytes. Throws RangeError unless it has 1 to 32 bytes.
 */
function keyOf(cipher: string): Buffer {
  const text = Buffer.from(cipher, "utf8");
  if (text.length === 0 || text.length > 32) throw new RangeError(`a cipher has 1 to 32 bytes, not ${text.length}`);
  return Buffer.concat([text, Buffer.alloc(32 - text.length, "0")]);
}

/** Encrypts one segment's plaintext, from its first byte; the caller adds the padding. */
export function segmentEncryptor(cipher: string): Cipher {
  const key = keyOf(cipher);
  return createCipheriv("aes-256-cbc", key, key.subarray(0, CIPHER_BLOCK)).setAutoPadding(false);
}

/**
 * Decrypts whole blocks from the middle of a segment. `previous`: the ciphertext block before them, or undefined at the
 * beginning of the segment. `ciphertext`: a multiple of 16 bytes. CBC needs only the block before for reads at any
 * position.
 */
export function decryptRange(cipher: string, previous: Uint8Array | undefined, ciphertext: Uint8Array): Buffer {
  const key = keyOf(cipher);
  const iv = previous ?? key.subarray(0, CIPHER_BLOCK);
  const decipher = createDecipheriv("aes-256-cbc", key, iv).setAutoPadding(false);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

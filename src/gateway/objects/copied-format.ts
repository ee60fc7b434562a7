import type { Encryption } from "../../model/encryption.js";
import { PLAIN, type SegmentFormat } from "../../model/file.js";
import type { NewEncryption } from "./object-encryption.js";

/**
 * Whether a copy in the format `wanted` can share files that are stored in another. Data keys do not matter: they are
 * wrapped again for the copy.
 */
export function isInterchangeable(stored: SegmentFormat, wanted: SegmentFormat): boolean {
  return (
    stored.name === wanted.name &&
    (stored.name !== "cess-cbc" || (wanted.name === "cess-cbc" && stored.cipher === wanted.cipher))
  );
}

/** The format of a packed object: it takes more bytes than its content when it is sealed. */
export function packedFormat(sealed: boolean): SegmentFormat {
  return sealed ? { name: "aes-256-gcm", first: 0 } : PLAIN;
}

/**
 * Whether a copy of staged bytes whose FID is known will have that FID, given the source's data key. False where it
 * depends on the text of a cipher, which the operator may have changed; undefined where it cannot be.
 */
export function sharesFid(stored: Encryption | undefined, { encryption, format }: NewEncryption): boolean | undefined {
  if (stored?.algorithm === "cess-cbc")
    return encryption?.algorithm === stored.algorithm && encryption.keyId === stored.keyId ? false : undefined;
  const name = stored === undefined ? PLAIN.name : "aes-256-gcm";
  return name === (format ?? PLAIN).name ? true : undefined;
}

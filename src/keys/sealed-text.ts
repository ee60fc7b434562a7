import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/** A key of 32 bytes that wraps others. Its id is eight hex digits of a digest of the key. */
export interface WrappingKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

const NONCE_SIZE = 12;
const TAG_SIZE = 16;
export const KEY_SIZE = 32;

/** Throws RangeError unless 32 bytes. */
export function wrappingKey(bytes: Uint8Array): WrappingKey {
  if (bytes.length !== KEY_SIZE) throw new RangeError(`a key has ${KEY_SIZE} bytes, this one has ${bytes.length}`);
  return { id: createHash("sha256").update("cess-s3 key id").update(bytes).digest("hex").slice(0, 8), bytes };
}

/** `v1.<key id>.<base64url of nonce, ciphertext and tag>`: AES-256-GCM with a random nonce, `purpose` authenticated. */
export function sealText(key: WrappingKey, secret: string, purpose: string): string {
  const nonce = randomBytes(NONCE_SIZE);
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce).setAAD(Buffer.from(purpose));
  const sealed = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1.${key.id}.${sealed.toString("base64url")}`;
}

/** Whether a text has the form that `sealText` gives. */
export function isSealed(text: string): boolean {
  return /^v1\.[0-9a-f]{8}\.[\w-]+$/.test(text);
}

/** The id of the key that opens a sealed text. */
export function sealedBy(sealed: string): string {
  return sealed.split(".")[1] ?? "";
}

/** Undefined when another key sealed it, or for another purpose, or when it was changed. */
export function openText(key: WrappingKey, sealed: string, purpose: string): string | undefined {
  const [version, id, text = ""] = sealed.split(".");
  const bytes = Buffer.from(text, "base64url");
  if (version !== "v1" || id !== key.id || bytes.length < NONCE_SIZE + TAG_SIZE) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key.bytes, bytes.subarray(0, NONCE_SIZE), {
    authTagLength: TAG_SIZE,
  });
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG_SIZE));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_SIZE, -TAG_SIZE)), decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

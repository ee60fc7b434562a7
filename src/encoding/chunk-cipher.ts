import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import type { DataKey } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_TAG } from "../model/sizes.js";

/** Authenticated with every chunk, so a chunk of another format can never be taken for one of this format. */
const SEGMENT_CHUNK = Buffer.from("cess-s3 aes-256-gcm chunk 1");
const NONCE_SIZE = 12;

/**
 * The chunks of an encrypted object: its content's ciphertext, then the tag. docs/encryption.md describes them byte by
 * byte.
 */
export class ChunkCipher {
  private readonly key: KeyObject;

  /** `format` is authenticated with every chunk. Throws Error when the key is missing. */
  constructor(
    key: DataKey | undefined,
    private readonly format: Uint8Array = SEGMENT_CHUNK,
  ) {
    if (key === undefined) throw new Error("the data key of an encrypted file is missing");
    this.key = createSecretKey(key, "hex");
  }

  /**
   * Writes the chunk into `target`, which has CHUNK_TAG bytes more than `content` (at most CHUNK_CONTENT). `segment` is
   * counted over the object, `chunk` over the segment.
   */
  seal(segment: number, chunk: number, content: Uint8Array, target: Uint8Array): void {
    checkLength(content.length);
    const cipher = createCipheriv("aes-256-gcm", this.key, nonce(segment, chunk), { authTagLength: CHUNK_TAG });
    cipher.setAAD(this.format);
    target.set(cipher.update(content));
    cipher.final();
    target.set(cipher.getAuthTag(), content.length);
  }

  /**
   * The chunk's content, CHUNK_TAG bytes shorter than `sealed`. Throws Error when the bytes are not what was sealed:
   * where they were verified by a hash before, no storage node is to blame, but a wrong key or a wrong file.
   */
  open(segment: number, chunk: number, sealed: Uint8Array): Buffer {
    const length = sealed.length - CHUNK_TAG;
    checkLength(length);
    const decipher = createDecipheriv("aes-256-gcm", this.key, nonce(segment, chunk), { authTagLength: CHUNK_TAG });
    decipher.setAAD(this.format);
    decipher.setAuthTag(sealed.subarray(length));
    const content = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch (cause) {
      throw new Error(`chunk ${chunk} of segment ${segment} does not authenticate with its data key`, { cause });
    }
    return content;
  }
}

function checkLength(content: number): void {
  if (content < 1 || content > CHUNK_CONTENT)
    throw new RangeError(`a chunk has 1 to ${CHUNK_CONTENT} bytes of content, not ${content}`);
}

/** A data key seals one object, and each chunk has its own number, so no nonce is used twice. */
function nonce(segment: number, chunk: number): Buffer {
  const bytes = Buffer.alloc(NONCE_SIZE);
  bytes.writeUInt32BE(segment, 4);
  bytes.writeUInt32BE(chunk, 8);
  return bytes;
}

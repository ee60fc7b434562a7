import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import type { SegmentFormat } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE, CHUNK_TAG } from "../model/sizes.js";

/** Authenticated with every chunk, so a chunk of a later format can never be taken for one of this format. */
const FORMAT = Buffer.from("cess-s3 aes-256-gcm chunk 1");
const NONCE_SIZE = 12;

/** The chunks of an encrypted object's segments: docs/encryption.md describes them byte by byte. */
export class ChunkCipher {
  private readonly key: KeyObject;

  /** Throws Error for a format without its key. */
  constructor(format: SegmentFormat & { readonly name: "aes-256-gcm" }) {
    if (format.key === undefined) throw new Error("the data key of an encrypted file is missing");
    this.key = createSecretKey(format.key, "hex");
  }

  /**
   * Writes the chunk, CHUNK_SIZE bytes, into `target`. `segment` is counted over the object, `chunk` over the segment.
   */
  seal(segment: number, chunk: number, content: Uint8Array, target: Uint8Array): void {
    const cipher = createCipheriv("aes-256-gcm", this.key, nonce(segment, chunk), { authTagLength: CHUNK_TAG }).setAAD(
      FORMAT,
    );
    target.set(cipher.update(content));
    cipher.final();
    target.set(cipher.getAuthTag(), CHUNK_CONTENT);
  }

  /**
   * The chunk's CHUNK_CONTENT bytes. Throws Error when they are not what was sealed: the segment's hash was right, so
   * no storage node is to blame, but a wrong key or a wrong file.
   */
  open(segment: number, chunk: number, sealed: Uint8Array): Buffer {
    const decipher = createDecipheriv("aes-256-gcm", this.key, nonce(segment, chunk), {
      authTagLength: CHUNK_TAG,
    }).setAAD(FORMAT);
    decipher.setAuthTag(sealed.subarray(CHUNK_CONTENT, CHUNK_SIZE));
    const content = decipher.update(sealed.subarray(0, CHUNK_CONTENT));
    try {
      decipher.final();
    } catch (cause) {
      throw new Error(`chunk ${chunk} of segment ${segment} does not authenticate with its data key`, { cause });
    }
    return content;
  }
}

/** A data key seals one object, and each chunk has its own number, so no nonce is used twice. */
function nonce(segment: number, chunk: number): Buffer {
  const bytes = Buffer.alloc(NONCE_SIZE);
  bytes.writeUInt32BE(segment, 4);
  bytes.writeUInt32BE(chunk, 8);
  return bytes;
}

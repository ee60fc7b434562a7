import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ChunkCipher } from "../encoding/chunk-cipher.js";
import type { DataKey } from "../model/file.js";
import { CHUNK_CONTENT, CHUNK_SIZE } from "../model/sizes.js";
import { inPieces } from "../streams/in-pieces.js";
import { JournalDamaged } from "./journal-damaged.js";

/** What the keys are derived for (Keys.derive). */
export const JOURNAL_KEYS = "journal";

const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** A nonce, and the journal's own key, sealed. Nothing tells it from random bytes. */
export const HEAD_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
const HEAD = Buffer.from("cess-s3 journal key 1");
const CHUNK = Buffer.from("cess-s3 journal chunk 1");
/** In the place of a segment's number: of all chunks, and of the last one, so that none can be cut off. */
const INNER = 0;
const LAST = 1;

/**
 * A journal's bytes as the network gets them: its own key, sealed by the first of `keys`, and chunks sealed by that
 * (docs/journal.md has them byte by byte). Holds two chunks.
 */
export async function* sealed(
  keys: readonly Uint8Array[],
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void> {
  const [wrapping] = keys;
  if (!wrapping) throw new RangeError("there is no key for journals");
  const key = randomBytes(KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", wrapping, nonce).setAAD(HEAD);
  yield Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  const chunks = new ChunkCipher(key.toString("hex") as DataKey, CHUNK);
  const seal = (segment: number, number: number, piece: Uint8Array) => {
    const bytes = Buffer.allocUnsafeSlow(piece.length + TAG_BYTES);
    chunks.seal(segment, number, piece, bytes);
    return bytes;
  };
  let number = 0;
  let before: Buffer | undefined;
  for await (const piece of inPieces(content, CHUNK_CONTENT)) {
    if (before) yield seal(INNER, number++, before);
    before = Buffer.from(piece);
  }
  if (!before) throw new RangeError("a journal is never empty");
  yield seal(LAST, number, before);
}

/** The content of such bytes. Throws JournalDamaged where they are not, whole and unchanged, what one of the keys sealed. */
export async function* opened(
  keys: readonly Uint8Array[],
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void> {
  let chunks: ChunkCipher | undefined;
  let number = 0;
  let before: Buffer | undefined;
  for await (const piece of afterHead(bytes, (head) => (chunks = new ChunkCipher(openHead(keys, head), CHUNK)))) {
    if (before && chunks) yield openChunk(chunks, INNER, number++, before);
    before = Buffer.from(piece);
  }
  if (!chunks || !before) throw new JournalDamaged("it ends before its first chunk");
  yield openChunk(chunks, LAST, number, before);
}

/** The bytes after the head, in pieces of a chunk. */
function afterHead(bytes: AsyncIterable<Uint8Array>, onHead: (head: Buffer) => void): AsyncIterable<Buffer> {
  const rest = async function* () {
    let head: Buffer | undefined = Buffer.alloc(0);
    for await (const chunk of bytes) {
      if (!head) {
        yield chunk;
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (head.length < HEAD_BYTES) continue;
      onHead(head.subarray(0, HEAD_BYTES));
      yield head.subarray(HEAD_BYTES);
      head = undefined;
    }
  };
  return inPieces(rest(), CHUNK_SIZE);
}

function openHead(keys: readonly Uint8Array[], head: Buffer): DataKey {
  for (const wrapping of keys) {
    const decipher = createDecipheriv("aes-256-gcm", wrapping, head.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(HEAD).setAuthTag(head.subarray(-TAG_BYTES));
    const key = decipher.update(head.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return key.toString("hex") as DataKey;
    } catch {
      // Another key sealed it, or it was changed.
    }
  }
  throw new JournalDamaged("none of the master keys has sealed it, or its first bytes were changed");
}

function openChunk(chunks: ChunkCipher, segment: number, number: number, bytes: Buffer): Buffer {
  if (bytes.length <= TAG_BYTES) throw new JournalDamaged(`chunk ${number} has ${bytes.length} bytes`);
  try {
    return chunks.open(segment, number, bytes);
  } catch (cause) {
    throw new JournalDamaged(`chunk ${number} was changed, or is not the last one`, { cause });
  }
}

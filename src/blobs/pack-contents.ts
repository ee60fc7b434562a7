import type { BlobId } from "../model/object.js";
import { fileChunks } from "../streams/file-chunks.js";
import { isBlobId, packedBlobId } from "./blob-id.js";
import { isMissing } from "./missing.js";

/** Before each blob: `blob`, its length (32 bits, little-endian), and the 16 random bytes of its id. */
const MAGIC = Buffer.from("blob");
export const HEADER_SIZE = 24;

export function packHeader(random: string, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(length, MAGIC.length);
  bytes.write(random, MAGIC.length + 4, "hex");
  return bytes;
}

export interface PackContents {
  /** With their sizes. */
  readonly blobs: Map<BlobId, number>;
  /** The pack ends behind the last of them. Otherwise it was cut off, or is damaged: there may be more in it. */
  readonly whole: boolean;
}

/** The blobs of a pack up to where it was cut off; none where there is no such file. */
export async function packContents(path: string, pack: string): Promise<PackContents> {
  const blobs = new Map<BlobId, number>();
  let unread: Buffer = Buffer.alloc(0);
  /** Where `unread` begins in the file, and bytes of a blob still to pass over. */
  let position = 0;
  let skip = 0;
  try {
    for await (const chunk of fileChunks(path)) {
      const passed = Math.min(skip, chunk.length);
      skip -= passed;
      position += passed;
      unread = Buffer.concat([unread, chunk.subarray(passed)]);
      while (skip === 0 && unread.length >= HEADER_SIZE) {
        if (!unread.subarray(0, MAGIC.length).equals(MAGIC)) return { blobs, whole: false };
        const length = unread.readUInt32LE(MAGIC.length);
        const id = packedBlobId(unread.toString("hex", MAGIC.length + 4, HEADER_SIZE), {
          pack,
          offset: position + HEADER_SIZE,
          length,
        });
        // The last blob may be incomplete. Then nothing links it, and it is swept like any other orphan.
        if (!isBlobId(id)) return { blobs, whole: false };
        blobs.set(id, length);
        const here = Math.min(unread.length, HEADER_SIZE + length);
        skip = HEADER_SIZE + length - here;
        position += here;
        unread = unread.subarray(here);
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return { blobs, whole: skip === 0 && unread.length === 0 };
}

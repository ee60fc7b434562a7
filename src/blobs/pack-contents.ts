import { crc32 } from "@node-rs/crc32";
import type { BlobId } from "../model/object.js";
import { fileChunks } from "../streams/file-chunks.js";
import { listBytes, type Checksummed } from "../streams/piece-checksums.js";
import { isBlobId, packedBlobId, placeInPack } from "./blob-id.js";
import { isMissing } from "./missing.js";

/**
 * Before each blob of a pack: `blbc`, its length, the 16 random bytes of its id, its checksum, and the checksum of all
 * this. Numbers have 32 bits, little-endian. Behind the blob lies the list of its pieces' checksums, if it has one.
 */
const MAGIC = Buffer.from("blbc");
export const HEADER_SIZE = 32;
/** Packs of earlier versions: `blob`, length, random bytes. */
const UNCHECKED_MAGIC = Buffer.from("blob");
const UNCHECKED_HEADER_SIZE = 24;
const NAME_AT = 8;
const CHECKSUM_AT = 24;
const HEADER_CHECKSUM_AT = 28;

/** `name`: 128 bits in hex. */
export function packHeader(name: string, { length, checksum }: Checksummed): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(length, MAGIC.length);
  bytes.write(name, NAME_AT, "hex");
  bytes.writeUInt32LE(checksum, CHECKSUM_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_CHECKSUM_AT)), HEADER_CHECKSUM_AT);
  return bytes;
}

interface RecordHead {
  readonly name: string;
  readonly headerSize: number;
  /** Of the blob. */
  readonly length: number;
  readonly checksum: number | undefined;
  /** Bytes behind the blob. */
  readonly listBytes: number;
}

/** "more": these are the first bytes of a header. Undefined: they are none. */
function parseHead(bytes: Buffer): RecordHead | "more" | undefined {
  const magic = bytes.subarray(0, MAGIC.length);
  const checked = MAGIC.subarray(0, magic.length).equals(magic);
  if (!checked && !UNCHECKED_MAGIC.subarray(0, magic.length).equals(magic)) return undefined;
  const headerSize = checked ? HEADER_SIZE : UNCHECKED_HEADER_SIZE;
  if (bytes.length < headerSize) return "more";
  if (checked && crc32(bytes.subarray(0, HEADER_CHECKSUM_AT)) !== bytes.readUInt32LE(HEADER_CHECKSUM_AT))
    return undefined;
  const length = bytes.readUInt32LE(MAGIC.length);
  return {
    name: bytes.toString("hex", NAME_AT, CHECKSUM_AT),
    headerSize,
    length,
    checksum: checked ? bytes.readUInt32LE(CHECKSUM_AT) : undefined,
    listBytes: checked ? listBytes(length) : 0,
  };
}

export interface PackContents {
  /** With their sizes. */
  readonly blobs: Map<BlobId, number>;
  /** The pack ends behind the last of them. Otherwise it was cut off, or is damaged: there may be more in it. */
  readonly whole: boolean;
}

/** What the catalog links in this pack. */
export type LinkedInPack = (pack: string) => Promise<readonly BlobId[]>;

/** As `packContents`, and what the catalog links there: a blob whose header is damaged can be read all the same. */
export async function neededContents(path: string, pack: string, linked: LinkedInPack): Promise<PackContents> {
  return withLinked(await packContents(fileChunks(path), pack), pack, linked);
}

/** With what the catalog links there, where the pack itself cannot tell. */
export async function withLinked(
  { blobs, whole }: PackContents,
  pack: string,
  linked: LinkedInPack,
): Promise<PackContents> {
  if (!whole) for (const id of await linked(pack)) blobs.set(id, placeInPack(id)?.length ?? 0);
  return { blobs, whole };
}

/**
 * The blobs of a pack, whose bytes are given; none where there is no such file. The last one may be incomplete: then nothing links it, and it
 * is swept like any other orphan. Where a header is damaged, the search goes on for the next one: the blobs behind it
 * must not be taken to be gone.
 */
export async function packContents(chunks: AsyncIterable<Uint8Array>, pack: string): Promise<PackContents> {
  const blobs = new Map<BlobId, number>();
  let whole = true;
  let unread: Buffer = Buffer.alloc(0);
  /** Where `unread` begins in the file, and bytes of a blob still to pass over. */
  let position = 0;
  let skip = 0;
  const pass = (count: number) => {
    const here = Math.min(unread.length, count);
    skip = count - here;
    position += here;
    unread = unread.subarray(here);
  };
  try {
    for await (const chunk of chunks) {
      unread = Buffer.concat([unread, chunk]);
      pass(skip);
      while (skip === 0 && unread.length > 0) {
        const head = parseHead(unread);
        if (head === "more") break;
        if (!head) {
          whole = false;
          pass(toNextMagic(unread));
          continue;
        }
        const offset = position + head.headerSize;
        const id = packedBlobId(head.name, { pack, offset, length: head.length }, head.checksum);
        if (isBlobId(id)) blobs.set(id, head.length);
        pass(isBlobId(id) ? head.headerSize + head.length + head.listBytes : 1);
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return { blobs, whole: whole && skip === 0 && unread.length === 0 };
}

/** Bytes to the next place, behind the first byte, where a header may begin. */
function toNextMagic(bytes: Buffer): number {
  const next = bytes.indexOf(MAGIC.subarray(0, 2), 1);
  if (next >= 0) return next;
  // Both begin with the same letters, of which the first may be the last byte here.
  return bytes.at(-1) === MAGIC[0] && bytes.length > 1 ? bytes.length - 1 : bytes.length;
}

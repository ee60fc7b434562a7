import { LRUCache } from "lru-cache";
import { MIB } from "../model/sizes.js";
import type { BlobId } from "../model/object.js";
import { fileChunks } from "../streams/file-chunks.js";
import { ExpectedPieces, listBytes, type Checksummed } from "../streams/piece-checksums.js";
import { type BlobFile, WrongBytes } from "./checked-read.js";

/** Of all lists that are kept in memory: those of 64 GiB. */
const KEPT_BYTES = 4 * MIB;
/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 256;

/** The lists of checksums that follow blobs, from memory where they were written or read lately. */
export class ChecksumLists {
  private readonly kept = new LRUCache<BlobId, Uint8Array>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ length }) => length + ENTRY_BYTES,
  });

  add(id: BlobId, list: Uint8Array): void {
    if (list.length > 0) this.kept.set(id, list);
  }

  delete(id: BlobId): void {
    this.kept.delete(id);
  }

  /** Rejects with WrongBytes, for the whole blob, where the list itself is damaged. */
  async get(id: BlobId, checksummed: Checksummed, read: () => Promise<Uint8Array>): Promise<ExpectedPieces> {
    const list = this.kept.get(id) ?? (await read());
    const expected = ExpectedPieces.of(checksummed, list);
    if (!expected) throw new WrongBytes({ start: 0, end: checksummed.length });
    this.add(id, list);
    return expected;
  }
}

/** The list behind a blob of `length` bytes in a file. */
export async function readList({ path, offset }: BlobFile, length: number): Promise<Uint8Array> {
  const start = offset + length;
  const chunks: Uint8Array[] = [];
  if (listBytes(length) > 0)
    for await (const chunk of fileChunks(path, { start, end: start + listBytes(length) })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

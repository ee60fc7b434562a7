import type { BlobId } from "../../model/object.js";
import { PieceChecksummer } from "../../streams/piece-checksums.js";
import { newBlobName, packedBlobId, packedBlobName } from "../blob-id.js";
import { HEADER_SIZE, packHeader } from "../pack-contents.js";

/** Bytes that go together, at most. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** Groups on their way at a time. */
const GROUPS_AT_ONCE = 2;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly resolve: (id: BlobId) => void;
  readonly reject: (reason: unknown) => void;
}

/** Small blobs of one moment go together: what comes while groups are under way is the next group. */
export class SmallWriter {
  private readonly waiting: Waiting[] = [];
  private readonly running = new Set<Promise<void>>();

  /** `put` resolves when the pack, which has these blobs, is durable. */
  constructor(private readonly put: (pack: string, content: Buffer, ids: readonly BlobId[]) => Promise<void>) {}

  /** Resolves with the id when the blob is durable. */
  append(bytes: Uint8Array): Promise<BlobId> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes, resolve, reject });
      this.start();
    });
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private start(): void {
    if (this.running.size >= GROUPS_AT_ONCE || this.waiting.length === 0) return;
    const run = this.commit(this.nextGroup()).finally(() => {
      this.running.delete(run);
      this.start();
    });
    this.running.add(run);
  }

  private nextGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.waiting) {
      bytes += HEADER_SIZE + one.bytes.length;
      if (count > 0 && bytes > GROUP_BYTES) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async commit(group: readonly Waiting[]): Promise<void> {
    const pack = newBlobName();
    const ids: BlobId[] = [];
    const pieces: Uint8Array[] = [];
    let end = 0;
    try {
      for (const { bytes } of group) {
        const offset = end + HEADER_SIZE;
        const name = packedBlobName(pack, offset);
        const checksummer = new PieceChecksummer();
        checksummer.update(bytes);
        const { list, ...checksummed } = checksummer.finish();
        ids.push(packedBlobId(name, { pack, offset, length: bytes.length }, checksummed.checksum));
        pieces.push(packHeader(name, checksummed), bytes, list);
        end += HEADER_SIZE + bytes.length + list.length;
      }
      await this.put(pack, Buffer.concat(pieces), ids);
      for (const [index, { resolve }] of group.entries()) resolve(ids[index] as BlobId);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ByteRange } from "../model/byte-range.js";
import { stagedBytesDamaged, type DamageRecord } from "../model/damage.js";
import type { BlobId } from "../model/object.js";
import { fileChunks } from "../streams/file-chunks.js";
import type { BlobPlace } from "./blob-id.js";
import { BlobMissing } from "./blobs.js";
import { checkedBytes, damageIn, type BlobFile, type ReadChunks } from "./checked-read.js";
import { type ChecksumLists, readList } from "./checksum-lists.js";
import { isMissing } from "./missing.js";
import type { OpenPacks } from "./open-packs.js";
import type { BlobCache } from "./blob-cache.js";

export interface FileReaderParts {
  readonly fileOf: (id: BlobId, place: BlobPlace) => BlobFile;
  readonly lists: ChecksumLists;
  readonly recent: BlobCache;
  readonly packs: OpenPacks;
  /** False only if a small blob is known to be removed. */
  readonly mayHave: (id: BlobId) => Promise<boolean>;
  readonly onDamage: DamageRecord;
  /** Looks for a blob that is missing. Resolves whether another look is worthwhile. Undefined: it is not. */
  readonly search?: ((id: BlobId) => Promise<boolean>) | undefined;
}

/** Looks for a blob that is missing, at most. */
const SEARCHES = 3;

/** Reads blobs from their files, and tells damage from what is missing as it should be. */
export class FileReader {
  constructor(private readonly parts: FileReaderParts) {}

  async *read(id: BlobId, place: BlobPlace, range: ByteRange | undefined): AsyncGenerator<Uint8Array, void> {
    const { length } = place;
    if (range && length !== undefined && range.end > length)
      throw new Error(`blob ${id} ends at byte ${length}, before ${range.end}`);
    const recent = this.parts.recent.read(id, range);
    if (recent) {
      if (recent.length > 0) yield recent;
      return;
    }
    const file = this.parts.fileOf(id, place);
    try {
      if (this.parts.search) yield* this.searched(file, place, range, this.parts.search);
      else yield* this.bytes(file, place, range);
    } catch (error) {
      throw await this.judge(file, length ?? Number.MAX_SAFE_INTEGER, error);
    }
  }

  private async *bytes(
    file: BlobFile,
    place: BlobPlace,
    range: ByteRange | undefined,
  ): AsyncGenerator<Uint8Array, void> {
    const { pack, checksummed } = place;
    if (pack !== undefined && !(await this.parts.mayHave(file.id))) throw new BlobMissing(file.id);
    if (checksummed) {
      const expected = await this.parts.lists.get(file.id, checksummed, () => readList(file, checksummed.length));
      const read: ReadChunks =
        pack === undefined ? fileChunks : (path, wanted) => this.parts.packs.chunks(path, wanted);
      yield* checkedBytes(file, checksummed.length, range ?? { start: 0, end: checksummed.length }, expected, read);
    } else yield* fileChunks(file.path, uncheckedRange(place, range));
  }

  /** Goes on at its offset where a file comes back: out of quarantine, or on a file system that shows new names late. */
  private async *searched(
    file: BlobFile,
    place: BlobPlace,
    range: ByteRange | undefined,
    search: (id: BlobId) => Promise<boolean>,
  ): AsyncGenerator<Uint8Array, void> {
    let given = 0;
    for (let searches = 0; ; searches++) {
      try {
        const rest = given === 0 ? range : { start: (range?.start ?? 0) + given, end: range?.end ?? place.length ?? 0 };
        for await (const chunk of this.bytes(file, place, rest)) {
          given += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!isGone(error) || searches === SEARCHES || !(await search(file.id))) throw error;
      }
    }
  }

  /** What a read that failed is to throw. Damage has been recorded then. */
  private async judge(file: BlobFile, length: number, error: unknown): Promise<unknown> {
    const damage = damageIn(file, length, error);
    if (!damage) return error;
    const missing = isGone(error);
    // Without its folder nothing is there: a disk that is not mounted has lost nothing.
    const folder = dirname(file.path);
    if (missing && (await stat(folder).then(() => false, isMissing)))
      return new Error(`the folder ${folder} is missing`, { cause: error });
    // A blob that nothing needs any more is missing as it should be.
    const needed = await this.parts.onDamage(damage);
    return missing && !needed ? new BlobMissing(file.id) : stagedBytesDamaged(damage);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof BlobMissing || isMissing(error);
}

/** Where in the file the bytes are; undefined: all of it. */
function uncheckedRange({ offset, length }: BlobPlace, range: ByteRange | undefined): ByteRange | undefined {
  const { start, end } = range ?? { start: 0, end: length };
  return end === undefined ? undefined : { start: offset + start, end: offset + end };
}

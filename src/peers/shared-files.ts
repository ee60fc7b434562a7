import { BlobMissing, type Blobs } from "../blobs/blobs.js";
import type { FragmentCache } from "../cache/cache.js";
import type { Catalog, FileRow } from "../catalog/catalog.js";
import type { Encoder } from "../encoding/encoder.js";
import type { ByteRange } from "../model/byte-range.js";
import { slicesWithin } from "../model/byte-slices.js";
import { ByteStream } from "../streams/byte-stream.js";
import { formatFrom, segmentCapacity } from "../model/file.js";
import type { Fid, Hash } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import type { Reach, Retrieval } from "../retrieval/retrieval.js";
import { Refusal } from "./refusal.js";

export interface SharedFilesComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly cache: FragmentCache;
  readonly encoder: Encoder;
  readonly retrieval: Retrieval;
}

/**
 * A file that its owner encrypted in DeOSS's way is decrypted only for clients that send the cipher, as CESS tools do.
 * Files under S3's server-side encryption are never served by FID: their readers must sign requests.
 */
export function requireCipher({ format }: Pick<FileRow, "format">, cipher: string | string[] | undefined): void {
  if (format.name !== "plain" && !(format.name === "cess-cbc" && format.cipher === cipher))
    throw new Refusal(403, "no permission");
}

/** Which FIDs the peer listener serves: all that the catalog knows, or none. */
export type Share = "all" | "none";

/** Reads files by FID for other gateways and CESS tools: from staging, from the cache, or from the storage nodes. */
export class SharedFiles {
  constructor(
    private readonly components: SharedFilesComponents,
    private readonly settings: { readonly share: Share },
  ) {}

  /**
   * Undefined when this gateway does not know the file, or does not serve it. The answer must not tell the two apart.
   */
  async find(fid: Fid): Promise<FileRow | undefined> {
    if (this.settings.share === "none") return undefined;
    const rows = (await this.components.catalog.files.withFid(fid)).filter(({ state }) => state !== "deleting");
    return rows.find(({ blobs }) => blobs.length > 0) ?? rows[0];
  }

  /**
   * Bytes `range` of the file, decrypted. Resolves when the first of them are there; rejects with DomainError
   * `objectUnavailable` when they cannot be had within `reach`. A later failure is thrown to the reader.
   */
  async open(file: FileRow, range: ByteRange, reach: Reach, signal: AbortSignal): Promise<ByteStream> {
    if (range.end <= range.start) return ByteStream.of();
    const pinned = await this.pinStaged(file);
    if (pinned)
      try {
        return await ByteStream.begin(this.readStaged(file.blobs, range), signal, pinned);
      } catch (error) {
        // Another gateway, which does not know of pins here, let them go.
        if (!(error instanceof BlobMissing)) throw error;
      }
    return this.components.retrieval.open([{ file, range }], signal, reach);
  }

  /** A fragment, parity or data, if its segment is staged or the fragment is cached; else undefined. */
  async fragment(file: FileRow, hash: Hash, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const segment = file.segments.findIndex(({ fragments }) => fragments.includes(hash));
    if (segment < 0) return undefined;
    const unpin = await this.pinStaged(file);
    if (!unpin) return this.components.cache.get(hash);
    try {
      const index = file.segments[segment]?.fragments.indexOf(hash) ?? 0;
      // Low priority: reads and uploads of this gateway's own clients come first.
      const task = { priority: "background", signal } as const;
      const { blobs, encoder } = this.components;
      const format = formatFrom(file.format, segment);
      const [bytes] = await blobs.withLocal(
        segmentSlices(file, segment),
        (content) => encoder.fragments(content, format, [{ index, hash }], task),
        signal,
      );
      return bytes;
    } finally {
      unpin();
    }
  }

  /** Pins the file's staged bytes until the returned function is called; undefined when there are none any more. */
  private async pinStaged(file: FileRow): Promise<(() => void) | undefined> {
    // Of a file under repair, what is staged is not its content: retrieval reads it.
    if (file.blobs.length === 0 || file.restored === true) return undefined;
    const unpin = this.components.blobs.pin([...new Set(file.blobs.map(({ blob }) => blob))]);
    try {
      // A blob is removed only after the catalog has unlinked it. So blobs that are still linked after the pin will
      // stay.
      const current = await this.components.catalog.files.get(file.id);
      if (current?.blobs.length === file.blobs.length) return unpin;
    } catch (error) {
      unpin();
      throw error;
    }
    unpin();
    return undefined;
  }

  private async *readStaged(slices: readonly BlobSlice[], range: ByteRange): AsyncGenerator<Uint8Array, void> {
    for (const { blob, offset, length } of slicesWithin(slices, range)) {
      yield* this.components.blobs.read(blob, { start: offset, end: offset + length });
    }
  }
}

function segmentSlices({ blobs, format, size }: FileRow, segment: number): BlobSlice[] {
  const start = segment * segmentCapacity(format);
  return slicesWithin(blobs, { start, end: Math.min(start + segmentCapacity(format), size) });
}

import { BlobMissing, type Blobs } from "../../blobs/blobs.js";
import type { Catalog } from "../../catalog/catalog.js";
import { isNetworkBucket } from "../../model/bucket.js";
import type { ByteRange } from "../../model/byte-range.js";
import { slicesWithin } from "../../model/byte-slices.js";
import { ByteStream } from "../../streams/byte-stream.js";
import { S3Error } from "../s3-error.js";
import { segmentCapacity, type CessFile, type DataKey } from "../../model/file.js";
import type { BlobSlice, ObjectVersion } from "../../model/object.js";
import type { FileRange, Retrieval } from "../../retrieval/retrieval.js";
import type { NetworkBucket } from "./network-bucket.js";

export interface ObjectBytesComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly retrieval: Retrieval;
  readonly network?: NetworkBucket | undefined;
}

/** Where an object's bytes are read from: staging while they are there, the network after. */
export class ObjectBytes {
  constructor(private readonly components: ObjectBytesComponents) {}

  /**
   * Bytes `range` of a version. Resolves when the first of them are at hand, so what fails until then is still an
   * S3Error: NoSuchKey when the version went meanwhile, ObjectUnavailable when its bytes cannot be had. `key`: the
   * version's data key, where it has one; whoever has it may read.
   */
  async open(
    version: ObjectVersion,
    range: ByteRange,
    signal: AbortSignal,
    key: DataKey | undefined,
  ): Promise<ByteStream> {
    if (range.end <= range.start) return ByteStream.of();
    const { network } = this.components;
    if (network && isNetworkBucket(version)) return network.read(version, range, signal);
    let current = version;
    if (version.durability.state !== "stored") {
      const staged = await this.openStaged(version, range, signal);
      if (staged) return staged;
      // Staged bytes go only after the network has them, but the row in hand is from before: look again.
      current = await this.stillThere(version);
    }
    const files = await this.fileRanges(current, range, key);
    return this.components.retrieval.open(files, signal);
  }

  private async openStaged(
    version: ObjectVersion,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<ByteStream | undefined> {
    const { catalog, blobs } = this.components;
    const slices = slicesWithin(await catalog.objects.blobs(version.id), range);
    if (slices.length === 0) return undefined;
    const read = async function* () {
      // Pinned, none of them can go before the stream ends, but one may have gone before. A blob that can be opened has
      // not; of several, all are there if the catalog still links them, since it lets go of them before they are
      // removed.
      const gone =
        slices.length > 1 ? lost(slices, slicesWithin(await catalog.objects.blobs(version.id), range)) : undefined;
      if (gone) throw new BlobMissing(gone.blob);
      for (const { blob, offset, length } of slices) yield* blobs.read(blob, { start: offset, end: offset + length });
    };
    try {
      return await ByteStream.begin(read(), signal, blobs.pin([...new Set(slices.map(({ blob }) => blob))]));
    } catch (error) {
      if (error instanceof BlobMissing) return undefined;
      throw error;
    }
  }

  /** The version as it is now. NoSuchKey when it went meanwhile. */
  private async stillThere({ id, key }: ObjectVersion): Promise<ObjectVersion> {
    const now = await this.components.catalog.objects.byId(id);
    if (!now) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
    return now;
  }

  private async fileRanges(version: ObjectVersion, range: ByteRange, key: DataKey | undefined): Promise<FileRange[]> {
    const ranges: FileRange[] = [];
    for (const { file: row, offset, length } of slicesWithin(version.extents, range)) {
      const file = await this.components.catalog.files.manifest(row);
      if (!file) break;
      for (const range of kept(file, { start: offset, end: offset + length }))
        ranges.push({ file: { ...withKey(file, key), size: range.end }, range });
    }
    const covered = ranges.reduce((sum, { range: { start, end } }) => sum + end - start, 0);
    if (covered !== range.end - range.start) {
      await this.stillThere(version);
      throw new S3Error("ObjectUnavailable", {
        message: "The object's bytes are neither staged at this gateway nor stored in the network",
        resource: version.key,
      });
    }
    return ranges;
  }
}

/**
 * Where bytes `range` of a version lie in a file that may have fewer segments than the version. A level's odd one at
 * the end is paired with itself, so that one Merkle root stands for several lists of segments: for all those that go on
 * repeating the last block. 32 MiB and 64 MiB of zeros are one file, and its only segment is both of the longer one's.
 */
function kept({ format, segments }: Omit<CessFile, "size">, range: ByteRange): ByteRange[] {
  const capacity = segmentCapacity(format);
  if (range.end <= segments.length * capacity) return [range];
  const places = segments.map((_, index) => index);
  while (places.length * capacity < range.end) places.push(...places.slice(-(places.length & -places.length)));
  const found: ByteRange[] = [];
  for (let start = range.start; start < range.end;) {
    const segment = Math.floor(start / capacity);
    const end = Math.min(range.end, (segment + 1) * capacity);
    const shift = ((places[segment] ?? segment) - segment) * capacity;
    found.push({ start: start + shift, end: end + shift });
    start = end;
  }
  return found;
}

/** The catalog does not keep the data keys of stored files; each version brings its own. */
function withKey(file: Omit<CessFile, "size">, key: DataKey | undefined): Omit<CessFile, "size"> {
  return file.format.name === "aes-256-gcm" && key !== undefined ? { ...file, format: { ...file.format, key } } : file;
}

/** The first of the slices that is not where it was. */
function lost(slices: readonly BlobSlice[], now: readonly BlobSlice[]): BlobSlice | undefined {
  return slices.find(({ blob, offset, length }, place) => {
    const other = now[place];
    return other?.blob !== blob || other.offset !== offset || other.length !== length;
  });
}

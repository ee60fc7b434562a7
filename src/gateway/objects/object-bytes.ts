import { LRUCache } from "lru-cache";
import { BlobMissing, type Blobs } from "../../blobs/blobs.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { ByteRange } from "../../model/byte-range.js";
import { slicesWithin } from "../../model/byte-slices.js";
import { ByteStream } from "../../streams/byte-stream.js";
import type { Call } from "../call.js";
import { S3Error } from "../s3-error.js";
import { segmentCapacity, type CessFile, type DataKey, type Extent } from "../../model/file.js";
import type { BlobId, BlobSlice, ObjectVersion } from "../../model/object.js";
import type { FileRange, Retrieval } from "../../retrieval/retrieval.js";
import { damagedObject } from "./damaged-object.js";
import { pendingDeal } from "./network-bucket.js";
import { openRun } from "./staged-run.js";

export interface ObjectBytesComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly retrieval: Retrieval;
}

/** Staged bytes, and the blobs that hold them. */
interface Staged {
  readonly content: AsyncGenerator<Uint8Array, void>;
  readonly blobs: readonly BlobId[];
}

/** Versions that were just written whose blobs are remembered. */
const WRITTEN = 16_384;

/** Attempts of a read whose bytes are moved meanwhile. */
const ATTEMPTS = 5;

/** Reads an object's bytes: from staging while they are there, then from the network. */
export class ObjectBytes {
  /** By version id: no catalog gives an id twice, and a version's bytes never change. */
  private readonly written = new LRUCache<string, BlobId>({ max: WRITTEN });

  constructor(private readonly components: ObjectBytesComponents) {}

  /** The blob has a version's bytes, and no others: a read while it is in memory asks the catalog for nothing. */
  wrote({ id }: Pick<ObjectVersion, "id">, blob: BlobId): void {
    if (this.components.blobs.inMemory(blob)) this.written.set(id, blob);
  }

  /**
   * Bytes `range` of a version. Resolves when the first bytes are there, so that earlier failures become S3Errors:
   * NoSuchKey if the version was deleted meanwhile, ObjectUnavailable if its bytes cannot be had; or a DomainError
   * `stagedBytesDamaged`. `key`: the version's
   * data key, if it has one. The caller has checked that the requester may read.
   */
  async open(
    version: ObjectVersion,
    range: ByteRange,
    call: Pick<Call, "client" | "waits">,
    key: DataKey | undefined,
  ): Promise<ByteStream> {
    const { client, waits } = call;
    const { network } = version;
    if (network && !network.file) throw pendingDeal(network);
    if (range.end <= range.start) return ByteStream.of();
    const written = this.written.get(version.id);
    const memory = written === undefined ? undefined : this.components.blobs.inMemory(written, range);
    if (memory) return ByteStream.of(memory);
    if (network?.file)
      return this.components.retrieval.open([{ file: network.file, range }], client.signal, undefined, waits);
    let current = version;
    for (let attempt = 1; ; attempt++) {
      try {
        const staged =
          current.durability.state === "stored" ? undefined : await this.openStaged(current, range, call, key);
        if (staged) return staged;
        return await this.components.retrieval.open(
          await this.fileRanges(current, range, key),
          client.signal,
          undefined,
          waits,
        );
      } catch (error) {
        client.signal.throwIfAborted();
        // The row in hand may be old: the bytes go from staging into a pack or to the network, and from pack to pack.
        const now = await this.currentVersion(current);
        if (attempt === ATTEMPTS || isSamePlace(now, current)) throw error;
        current = now;
      }
    }
  }

  /** Undefined where the bytes are not staged, or not any more. */
  private async openStaged(
    version: ObjectVersion,
    range: ByteRange,
    call: Pick<Call, "client" | "waits">,
    key: DataKey | undefined,
  ): Promise<ByteStream | undefined> {
    const [extent] = version.extents;
    const staged = extent?.packed
      ? await this.stagedInPack(extent, extent.packed.length, range, key)
      : await this.stagedOwn(version.id, range);
    if (!staged) return undefined;
    // A read of checked bytes finds out whether it touches the damaged ones. That of others would give them.
    const isChecked = (blob: BlobId) => this.components.blobs.isChecked(blob);
    if (version.durability.state === "damaged" && !staged.blobs.every(isChecked)) throw damagedObject(version);
    try {
      const content = this.following(staged.content, version, range, call, key);
      return await ByteStream.begin(content, call.client.signal, this.components.blobs.pin(staged.blobs));
    } catch (error) {
      if (error instanceof BlobMissing) return undefined;
      throw error;
    }
  }

  /**
   * Staged bytes, and what follows where they end too soon: another gateway, which does not know of pins here, may let them
   * go. Then they are where the catalog says now, or the object is deleted, and the reader gets an error.
   */
  private async *following(
    content: AsyncIterable<Uint8Array>,
    version: ObjectVersion,
    range: ByteRange,
    call: Pick<Call, "client" | "waits">,
    key: DataKey | undefined,
  ): AsyncGenerator<Uint8Array, void> {
    let position = range.start;
    try {
      for await (const chunk of content) {
        position += chunk.length;
        yield chunk;
      }
    } catch (error) {
      // At the first byte the caller looks again.
      if (position === range.start || !(error instanceof BlobMissing)) throw error;
      const now = await this.currentVersion(version);
      yield* await this.open(now, { start: position, end: range.end }, call, key);
    }
  }

  private async stagedOwn(version: string, range: ByteRange): Promise<Staged | undefined> {
    const { catalog, blobs } = this.components;
    const slices = slicesWithin(await catalog.objects.blobs(version), range);
    if (slices.length === 0) return undefined;
    const read = async function* () {
      // Pinned blobs are not removed before the stream ends, but one may have been removed before it was pinned. Opening
      // a single blob shows that. Several blobs are all there if the catalog still links them, because blobs are unlinked
      // before they are removed.
      const unlinked =
        slices.length > 1
          ? firstUnlinked(slices, slicesWithin(await catalog.objects.blobs(version), range))
          : undefined;
      if (unlinked) throw new BlobMissing(unlinked.blob);
      for (const { blob, offset, length } of slices) yield* blobs.read(blob, { start: offset, end: offset + length });
    };
    return { content: read(), blobs: [...new Set(slices.map(({ blob }) => blob))] };
  }

  /** A packed object's bytes are those of its pack, `length` of them where it is encrypted. */
  private async stagedInPack(
    { file, offset }: Extent,
    length: number,
    range: ByteRange,
    key: DataKey | undefined,
  ): Promise<Staged | undefined> {
    const { catalog, blobs } = this.components;
    const [pack] = await catalog.packs.blobs(file);
    if (!pack) return undefined;
    const read = ({ start, end }: ByteRange) => blobs.read(pack.blob, { start: offset + start, end: offset + end });
    return { content: key === undefined ? read(range) : openRun(key, length, range, read), blobs: [pack.blob] };
  }

  /** The version as the catalog has it now. NoSuchKey if it was deleted meanwhile. */
  private async currentVersion({ id, key }: ObjectVersion): Promise<ObjectVersion> {
    const now = await this.components.catalog.objects.byId(id);
    if (!now) throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
    return now;
  }

  private async fileRanges(version: ObjectVersion, range: ByteRange, key: DataKey | undefined): Promise<FileRange[]> {
    const ranges: FileRange[] = [];
    const [extent] = version.extents;
    if (extent?.packed) {
      const file = await this.components.catalog.files.manifest(extent.file);
      const packed = { offset: extent.offset, ...extent.packed, ...(key === undefined ? {} : { key }) };
      if (file) return [{ file: { ...file, size: extent.offset + packed.length }, range, packed }];
    }
    for (const { file: row, offset, length } of slicesWithin(version.extents, range)) {
      const file = await this.components.catalog.files.manifest(row);
      if (!file) break;
      for (const range of storedRanges(file, { start: offset, end: offset + length }))
        ranges.push({ file: { ...withKey(file, key), size: range.end }, range });
    }
    const covered = ranges.reduce((sum, { range: { start, end } }) => sum + end - start, 0);
    if (covered !== range.end - range.start) {
      await this.currentVersion(version);
      throw new S3Error("ObjectUnavailable", {
        message: "The object's bytes are neither staged at this gateway nor stored in the network",
        resource: version.key,
      });
    }
    return ranges;
  }
}

/** Whether both rows of a version say that its bytes lie in the same place. */
function isSamePlace(one: ObjectVersion, other: ObjectVersion): boolean {
  return (
    one.durability.state === other.durability.state &&
    one.extents.length === other.extents.length &&
    one.extents.every(({ file, offset }, index) => {
      const extent = other.extents[index];
      return extent?.file === file && extent.offset === offset;
    })
  );
}

/**
 * The ranges of a file that hold bytes `range` of a version. The file may have fewer segments than the version: in the
 * Merkle tree, the odd node at the end of a level is paired with itself, so lists of segments that only repeat their last
 * block have the same root. For example, 32 MiB and 64 MiB of zeros are one file of one segment, which is read twice.
 */
function storedRanges({ format, segments }: Omit<CessFile, "size">, range: ByteRange): ByteRange[] {
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

/** The file with the version's data key. The catalog does not keep the data keys of stored files. */
function withKey(file: Omit<CessFile, "size">, key: DataKey | undefined): Omit<CessFile, "size"> {
  return file.format.name === "aes-256-gcm" && key !== undefined ? { ...file, format: { ...file.format, key } } : file;
}

/** The first slice that the catalog no longer links at the same place. */
function firstUnlinked(slices: readonly BlobSlice[], now: readonly BlobSlice[]): BlobSlice | undefined {
  return slices.find(({ blob, offset, length }, place) => {
    const other = now[place];
    return other?.blob !== blob || other.offset !== offset || other.length !== length;
  });
}

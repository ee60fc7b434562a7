import { addAbortSignal, Readable } from "node:stream";
import { BlobMissing, type Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { ByteRange } from "../model/byte-range.js";
import { S3Error } from "../model/errors.js";
import type { CessFile, DataKey } from "../model/file.js";
import type { BlobSlice, ObjectVersion } from "../model/object.js";
import type { FileRange, Retrieval } from "../retrieval/retrieval.js";

export interface ObjectBytesComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly retrieval: Retrieval;
}

/** Where an object's bytes are read from: staging while they are there, the network after. */
export class ObjectBytes {
  constructor(private readonly components: ObjectBytesComponents) {}

  /**
   * Bytes `range` of a version. Resolves when the first of them are at hand, so what fails until then is still an
   * S3Error: NoSuchKey when the version went meanwhile, ObjectUnavailable when its bytes cannot be had. `key`: the
   * version's data key, where it has one; whoever has it may read.
   */
  async open(version: ObjectVersion, range: ByteRange, signal: AbortSignal, key: DataKey | undefined): Promise<Readable> {
    if (range.end <= range.start) return Readable.from([]);
    let current = version;
    if (version.durability.state !== "stored") {
      const staged = await this.openStaged(version, range, signal);
      if (staged) return staged;
      // Staged bytes go only after the network has them, but the row in hand is from before: look again.
      current = await this.stillThere(version);
    }
    const files = await this.fileRanges(current, range, key);
    const stream = await this.components.retrieval.open(files, signal);
    return addAbortSignal(signal, stream);
  }

  private async openStaged(version: ObjectVersion, range: ByteRange, signal: AbortSignal): Promise<Readable | undefined> {
    const { catalog, blobs } = this.components;
    const slices = sliceRange(await catalog.objects.blobs(version.id), range);
    if (slices.length === 0) return undefined;
    const unpin = blobs.pin([...new Set(slices.map(({ blob }) => blob))]);
    try {
      // Pinned, none of them can go before the stream ends, but one may have gone before. A blob that can be opened has
      // not; of several, all are there if the catalog still links them, since it lets go of them before they are removed.
      if (slices.length > 1 && !sameSlices(slices, sliceRange(await catalog.objects.blobs(version.id), range))) {
        unpin();
        return undefined;
      }
      const stream = addAbortSignal(signal, readSlices(blobs, slices));
      stream.once("close", unpin);
      return await primed(stream);
    } catch (error) {
      unpin();
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
    for (const { fid, offset, length } of touched(version.extents, range)) {
      const file = await this.components.catalog.files.manifest(fid);
      if (!file) break;
      ranges.push({ file: withKey(file, key), range: { start: offset, end: offset + length } });
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

/** The catalog does not keep the data keys of stored files; each version brings its own. */
function withKey(file: CessFile, key: DataKey | undefined): CessFile {
  return file.format.name === "aes-256-gcm" && key !== undefined ? { ...file, format: { ...file.format, key } } : file;
}

/** The blobs' bytes, one after the other, at the reader's pace. */
export function readSlices(blobs: Blobs, slices: readonly BlobSlice[]): Readable {
  const [only, another] = slices;
  if (only && !another) return blobs.read(only.blob, { start: only.offset, end: only.offset + only.length });
  const bytes = async function* () {
    for (const { blob, offset, length } of slices) yield* blobs.read(blob, { start: offset, end: offset + length });
  };
  return Readable.from(bytes(), { objectMode: false });
}

/** The slices that bytes `range` of the slices laid end to end consist of. */
export function sliceRange(slices: readonly BlobSlice[], range: ByteRange): BlobSlice[] {
  return touched(slices, range);
}

function touched<Run extends { readonly offset: number; readonly length: number }>(runs: readonly Run[], range: ByteRange): Run[] {
  const result: Run[] = [];
  let position = 0;
  for (const run of runs) {
    const start = Math.max(range.start, position);
    const end = Math.min(range.end, position + run.length);
    if (start < end) result.push({ ...run, offset: run.offset + start - position, length: end - start });
    position += run.length;
  }
  return result;
}

function sameSlices(left: readonly BlobSlice[], right: readonly BlobSlice[]): boolean {
  return left.length === right.length && left.every(({ blob, offset, length }, place) => {
    const other = right[place];
    return other?.blob === blob && other.offset === offset && other.length === length;
  });
}

/** The same stream once it has bytes to give; rejects with its error when it fails before. */
function primed(stream: Readable): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => {
      stream.off("readable", ready).off("end", ready).off("error", failed).off("close", closed);
      how();
    };
    const ready = () => settle(() => resolve(stream));
    const failed = (error: Error) => settle(() => reject(error));
    const closed = () => settle(() => reject(new Error("the stream was closed before its first byte")));
    stream.on("readable", ready).on("end", ready).on("error", failed).on("close", closed);
  });
}

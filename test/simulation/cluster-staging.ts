import { createHash } from "node:crypto";
import { inPack } from "../../src/blobs/blob-id.js";
import type { Blobs } from "../../src/blobs/blobs.js";
import { FileBlobs } from "../../src/blobs/file-blobs.js";
import type { Catalog, NewFile } from "../../src/catalog/catalog.js";
import type { Encoder, FileSlice, WantedFragment } from "../../src/encoding/encoder.js";
import { fidOf } from "../../src/encoding/merkle.js";
import { SliceReader } from "../../src/encoding/slice-reader.js";
import { recordingDamage, type DamageRecord } from "../../src/model/damage.js";
import type { CessFile, SegmentHashes } from "../../src/model/file.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import type { BlobSlice } from "../../src/model/object.js";
import type { FileSettings } from "../../src/preprocessing/preprocessing.js";
import type { Owner } from "./scheduler.js";

const FOLDER = "/staging";
/**
 * Ages at which gateways judge each other's bytes, ms: so short that a run sees them pass, and in proportion. A process
 * that stands still between its last look at the age and its commit has a while until its blob is swept.
 */
const AGES = { linkMs: 40_000, removeMs: 80_000, sweepMs: 200_000, leftoverMs: 240_000, upkeepMs: 5_000 };

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex") as Hash;

/** One folder that all gateways stage in; each object has one segment. `packed`: small bodies share files. */
export class ClusterStaging {
  constructor(private readonly packed: boolean) {}

  /** The folder as one process uses it. */
  open(owner: Owner, catalog: Catalog, onDamage: DamageRecord, onFault: (error: unknown) => void): Promise<FileBlobs> {
    return FileBlobs.open({
      folder: FOLDER,
      ...(!this.packed && { packedBytes: 0 }),
      now: () => owner.now(),
      onDamage,
      linkedInPack: (pack) => catalog.inspection.linkedContaining(inPack(pack)),
      shared: { clock: owner, orphans: (ids) => catalog.orphans(ids), onFault, ...AGES },
    });
  }
}

/** What one gateway does with staged bytes: that takes it a while. */
export function clusterWork(owner: Owner, random: () => number, blobs: Blobs, onDamage: DamageRecord) {
  const hashOf = async ([slice]: readonly FileSlice[]): Promise<Hash> => {
    await owner.sleep(1 + 400 * random() ** 3);
    return recordingDamage(
      Promise.resolve().then(() => sha256(bytesOf(slice!))),
      onDamage,
    );
  };
  const encoder = {
    segmentHash: hashOf,
    fragments: async (content: readonly FileSlice[], _format: unknown, wanted: readonly WantedFragment[]) => {
      const hash = await hashOf(content);
      return wanted.map(({ index }) => Buffer.from(`${hash} ${index}`));
    },
  } as unknown as Encoder;
  const files = async (_: string, slices: readonly BlobSlice[], settings: FileSettings): Promise<NewFile[]> => {
    const [content] = slices;
    if (!content) return [];
    const hash = await blobs.withLocal(slices, hashOf);
    const segments = [clusterSegment(hash)];
    const { format, territory } = settings;
    return [{ fid: fidOf([hash]), size: content.length, format, segments, territory, blobs: [content] }];
  };
  const root = (made: readonly CessFile[]): Fid =>
    fidOf(made.flatMap(({ segments }) => segments.map(({ hash }) => hash)));
  return { encoder, preprocessing: { files, root } as never };
}

/** As a worker thread reads them, checked. */
function bytesOf(slice: FileSlice): Uint8Array {
  const reader = new SliceReader();
  try {
    const bytes = Buffer.alloc(slice.length);
    reader.read(slice, 0, bytes);
    return bytes;
  } finally {
    reader.close();
  }
}

export function clusterSegment(hash: Hash): SegmentHashes {
  return { hash, fragments: Array.from({ length: 12 }, (_, index) => sha256(`${hash} ${index}`)) };
}

export function clusterFid(content: string): Fid {
  return fidOf([sha256(content)]);
}

import { segmentCount, type SegmentFormat } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";
import { linkVersionBlobs } from "./blob-links.js";
import type { NewVersion } from "./catalog.js";
import { addJob } from "./jobs.js";
import { enqueue } from "./pack-queue.js";
import type { FormatColumn } from "./segment-columns.js";
import type { Tx } from "./store.js";
import { insertVersion, type PlacedVersionRow } from "./versions.js";

/** A version whose bytes are staged. It gets what will make files of them: a place in the pack queue, or an `encode` job. */
export async function insertStaged(
  tx: Tx,
  now: number,
  formats: FormatColumn,
  version: NewVersion,
  staged: {
    readonly versionId: string;
    readonly slices: readonly BlobSlice[];
    readonly format: SegmentFormat | undefined;
  },
): Promise<PlacedVersionRow> {
  const { versionId, slices, format } = staged;
  const packed = version.layout === "pack" && version.size > 0;
  const stagedSegments = packed ? 1 : segmentCount(version.size, format);
  const row = await insertVersion(tx, now, version, { versionId, stagedSegments, fid: version.fid });
  await linkVersionBlobs(tx, row.id, slices);
  if (packed) await enqueue(tx, now, row, formats, format);
  else if (version.size > 0) await addJob(tx, now, "encode", row.id, formats.pack(format));
  return { ...row, queued: packed ? 1 : 0 };
}

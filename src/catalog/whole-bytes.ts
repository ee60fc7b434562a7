import { slicesWithin } from "../model/byte-slices.js";
import { segmentCapacity, segmentCount } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";
import { fileBlobs, linkFileBlobs, unlinkFileBlobs, versionBlobQuery } from "./blob-links.js";
import type { FormatColumn } from "./segment-columns.js";
import type { Tx } from "./store.js";

/**
 * Gives a file whose staged bytes are damaged those of a version that has the same content, staged apart from them and
 * not known to be damaged. False: there is none. What is unlinked is swept.
 */
export async function takeWholeBytes(tx: Tx, formats: FormatColumn, file: number): Promise<boolean> {
  const row = await tx
    .selectFrom("files")
    .select(["format", "segment_count", "restored"])
    .where("id", "=", file)
    .executeTakeFirstOrThrow();
  // The network's segments, from which nothing else can be told.
  if (row.restored === 1) return false;
  const format = formats.unpack(row.format);
  const places = await tx
    .selectFrom("extents as e")
    .innerJoin("versions as v", "v.id", "e.version_id")
    .select(["e.version_id", "e.position", "e.length"])
    .where("e.file_id", "=", file)
    .where("e.digest", "is", null)
    .where("v.damage", "is", null)
    .orderBy("e.version_id")
    .execute();
  const damaged = JSON.stringify(await fileBlobs(tx, file));
  for (const { version_id: version, position, length } of places) {
    // Lists of segments that only repeat their last block have one FID. This one may be shorter than the file's.
    if (segmentCount(length, format) < row.segment_count) continue;
    const size = Math.min(length, row.segment_count * segmentCapacity(format));
    const start = await bytesBefore(tx, version, position);
    const staged = (await versionBlobQuery(tx, version).execute()) as BlobSlice[];
    const slices = slicesWithin(staged, { start, end: start + size });
    const whole = slices.reduce((sum, slice) => sum + slice.length, 0) === size;
    if (!whole || JSON.stringify(slices) === damaged) continue;
    await unlinkFileBlobs(tx, file);
    await linkFileBlobs(tx, file, slices);
    await tx.updateTable("files").set({ size }).where("id", "=", file).execute();
    return true;
  }
  return false;
}

async function bytesBefore(tx: Tx, version: number, position: number): Promise<number> {
  const rows = await tx
    .selectFrom("extents")
    .select("length")
    .where("version_id", "=", version)
    .where("position", "<", position)
    .execute();
  return rows.reduce((sum, { length }) => sum + length, 0);
}

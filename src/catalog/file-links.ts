import { DomainError } from "../model/errors.js";
import { segmentCapacity, type Extent } from "../model/file.js";
import { linkFileBlobs, unlinkFileBlobs } from "./blob-links.js";
import type { NewFile } from "./catalog.js";
import { addJob, wakeJobs } from "./jobs.js";
import { packSegments, type FormatColumn } from "./segment-columns.js";
import { chunks, toRowId, type Tx } from "./store.js";

/** Links a version to its files, in order, creating or reviving the owner's rows. True when all of them are stored. */
export async function linkFiles(
  tx: Tx,
  now: number,
  formats: FormatColumn,
  { id: version, owner }: { readonly id: number; readonly owner: string },
  files: readonly NewFile[],
): Promise<boolean> {
  let allStored = true;
  for (const [position, file] of files.entries()) {
    const row = await fileFor(tx, now, formats, owner, file);
    allStored &&= row.stored;
    await tx
      .insertInto("extents")
      .values({ version_id: version, position, file_id: row.id, offset: 0, length: file.size })
      .execute();
  }
  return allStored;
}

async function fileFor(
  tx: Tx,
  now: number,
  formats: FormatColumn,
  owner: string,
  file: NewFile,
): Promise<{ readonly id: number; readonly stored: boolean }> {
  const known = await tx
    .selectFrom("files")
    .select(["id", "state", "format", "segment_count"])
    .where("fid", "=", file.fid)
    .where("owner", "=", owner)
    .executeTakeFirst();
  if (!known) {
    const id = await insertFile(tx, now, owner, file, formats.pack(file.format));
    await linkFileBlobs(tx, id, file.blobs);
    await addJob(tx, now, "store", id);
    return { id, stored: false };
  }
  // Who stores the ciphertext of an object as an object has to wait until the one or the other goes: a row has one
  // format.
  if (formats.unpack(known.format).name !== file.format.name)
    throw new Error(`the file ${file.fid} is the owner's in another format`);
  if (known.state === "failed" || known.state === "deleting") {
    // A file being deleted stays so until the chain's answer is known (`deleted`); its bytes are kept from now on.
    if (known.state === "failed")
      await tx.updateTable("files").set({ state: "encoded", failure: null }).where("id", "=", known.id).execute();
    await giveBytes(tx, known, file);
    await addJob(tx, now, "store", known.id);
  }
  return { id: known.id, stored: known.state === "stored" };
}

/**
 * A file keeps the bytes it has: those of its first version are as good as any, with more zeros at the end or fewer.
 */
async function giveBytes(
  tx: Tx,
  { id: file, segment_count: count }: { readonly id: number; readonly segment_count: number },
  { fid, format, blobs, size, segments }: NewFile,
): Promise<void> {
  const held = await tx
    .selectFrom("file_blobs")
    .select("position")
    .where("file_id", "=", file)
    .limit(1)
    .executeTakeFirst();
  if (held) return;
  // One Merkle root may stand for several lists of segments: each is the beginning of the longer ones.
  if (segments.length < count)
    throw new Error(`the file ${fid} is the owner's with more segments, and on its way out of the network`);
  await tx
    .updateTable("files")
    .set({ size: Math.min(size, count * segmentCapacity(format)) })
    .where("id", "=", file)
    .execute();
  await linkFileBlobs(tx, file, blobs);
}

async function insertFile(tx: Tx, now: number, owner: string, file: NewFile, format: string | null): Promise<number> {
  const row = await tx
    .insertInto("files")
    .values({
      owner,
      fid: file.fid,
      territory: file.territory,
      state: "encoded",
      segment_count: file.segments.length,
      reports: 0,
      declared: 0,
      failure: null,
      signed_nonce: null,
      signed_until_block: null,
      size: file.size,
      created_at: now,
      format,
      segments: packSegments(file.segments),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/**
 * Links a copy to files that exist. True when all of them are stored. OperationAborted when one went since the source
 * was read. One whose deletion is on its way is not stored: the copy needs staged bytes, which its source has if it
 * came later.
 */
export async function linkExtents(
  tx: Tx,
  owner: string,
  version: number,
  extents: readonly Extent[],
): Promise<boolean> {
  const states = new Map<number, string>();
  for (const some of chunks(extents.map((extent) => toRowId(extent.file) ?? 0))) {
    const rows = await tx
      .selectFrom("files")
      .select(["id", "state"])
      .where("id", "in", some)
      .where("owner", "=", owner)
      .execute();
    for (const row of rows) states.set(row.id, row.state);
  }
  const rows = extents.map((extent, position) => {
    const file = toRowId(extent.file) ?? 0;
    if (!states.has(file)) throw copySourceDeleted();
    return { version_id: version, position, file_id: file, offset: extent.offset, length: extent.length };
  });
  for (const some of chunks(rows)) await tx.insertInto("extents").values(some).execute();
  return [...states.values()].every((state) => state === "stored");
}

/** Unlinks a version from its files; sees to those that nothing needs any more. Returns the blobs let go. */
export async function unlinkFiles(tx: Tx, now: number, version: number): Promise<string[]> {
  const rows = await tx.deleteFrom("extents").where("version_id", "=", version).returning("file_id").execute();
  const released: string[] = [];
  for (const file of new Set(rows.map((row) => row.file_id))) released.push(...(await letGo(tx, now, file)));
  return released;
}

/**
 * What becomes of a file when nothing references it; nothing happens while something does. Returns the blobs let go.
 */
export async function letGo(tx: Tx, now: number, file: number): Promise<string[]> {
  if (await isReferenced(tx, file)) return [];
  const row = await tx
    .selectFrom("files")
    .select(["state", "declared", "signed_nonce"])
    .where("id", "=", file)
    .executeTakeFirst();
  if (!row) return [];
  if (row.state === "failed" && row.declared === 0 && row.signed_nonce === null) return removeFile(tx, file);
  // A deal cannot be cancelled: one on its way is brought to its end first, and `stored` adds the `delete` job.
  if (row.state === "stored" || row.state === "failed") await addJob(tx, now, "delete", file);
  else await wakeJobs(tx, now, ["store"], [file]);
  return [];
}

export async function isReferenced(tx: Tx, file: number): Promise<boolean> {
  return (
    (await tx.selectFrom("extents").select("version_id").where("file_id", "=", file).limit(1).executeTakeFirst()) !==
    undefined
  );
}

/** The row goes with its jobs and placements. Returns the blobs let go. */
export async function removeFile(tx: Tx, file: number): Promise<string[]> {
  await tx.deleteFrom("files").where("id", "=", file).execute();
  await tx.deleteFrom("placements").where("file_id", "=", file).execute();
  await tx.deleteFrom("jobs").where("kind", "in", ["store", "delete"]).where("subject", "=", file).execute();
  return unlinkFileBlobs(tx, file);
}

/** What is copied shares the source's files, so the source must be there when the copy is committed. */
export function copySourceDeleted(): DomainError {
  return new DomainError({ kind: "copySourceDeleted" }, "The source was deleted while it was being copied.");
}

import { sql } from "kysely";
import { DomainError } from "../model/errors.js";
import { segmentCapacity, type Extent } from "../model/file.js";
import { dropFileBytes, linkFileBlobs, unlinkFileBlobs } from "./blob-links.js";
import type { NewFile, PackFormat } from "./catalog.js";
import { addJob, removeJob, wakeJobs } from "./jobs.js";
import { unitKind } from "./journal-units.js";
import { packSegments, type FormatColumn } from "./segment-columns.js";
import { chunks, lock, toRowId, type Tx } from "./store.js";

/** SQL that is true when all files of the version are stored. `version`: the column with its id. */
export function isWhollyStored(version: "versions.id" | "version_blobs.version_id") {
  return sql<boolean>`not exists (
    select 1 from extents as e inner join files as f on f.id = e.file_id
    where e.version_id = ${sql.ref(version)} and f.state <> 'stored')`;
}

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
      .values({
        version_id: version,
        position,
        file_id: row.id,
        offset: 0,
        length: file.size,
        stored_length: null,
        digest: null,
      })
      .execute();
  }
  return allStored;
}

/** The owner's row of a file: a new one, or the one that is there, revived if it has failed or is being deleted. */
export async function fileFor(
  tx: Tx,
  now: number,
  formats: FormatColumn,
  owner: string,
  file: NewFile,
): Promise<{ readonly id: number; readonly stored: boolean }> {
  const known = await tx
    .selectFrom("files")
    .select(["id", "state", "format", "segment_count", "damaged"])
    .where("fid", "=", file.fid)
    .where("owner", "=", owner)
    .executeTakeFirst();
  if (!known) {
    const id = await insertFile(tx, now, owner, file, formats.pack(file.format));
    await linkFileBlobs(tx, id, file.blobs);
    await addJob(tx, now, "store", id);
    return { id, stored: false };
  }
  // A row has one format. An object that holds another object's ciphertext has the same FID in another format, and must
  // wait until that one is deleted.
  if (formats.unpack(known.format).name !== file.format.name)
    throw new Error(`the owner already has the file ${file.fid} in another format`);
  if (known.state === "failed" || known.state === "deleting") {
    // A file that is being deleted stays in that state until the chain's answer is known (`deleted`). Its bytes are
    // kept from now on.
    if (known.state === "failed")
      await tx
        .updateTable("files")
        .set({ state: "encoded", failure: null, damaged: 0 })
        .where("id", "=", known.id)
        .execute();
    // What nothing links any more is swept.
    if (known.damaged === 1) await dropFileBytes(tx, known.id);
    await giveBytes(tx, known, file);
    await addJob(tx, now, "store", known.id);
  }
  return { id: known.id, stored: known.state === "stored" };
}

/** A file that has staged bytes keeps them: those of its first version serve all, whatever the zeros at the end. */
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
  // Several lists of segments may have the same Merkle root. Each of them is a prefix of the longer ones.
  if (segments.length < count)
    throw new Error(
      `the owner already has the file ${fid} with more segments, and it is being deleted from the network`,
    );
  await tx
    .updateTable("files")
    .set({ size: Math.min(size, count * segmentCapacity(format)) })
    .where("id", "=", file)
    .execute();
  await linkFileBlobs(tx, file, blobs);
}

export async function insertFile(
  tx: Tx,
  now: number,
  owner: string,
  file: NewFile,
  format: string | null,
  { packed = null, journal = null }: { readonly packed?: PackFormat | null; readonly journal?: number | null } = {},
): Promise<number> {
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
      packed,
      journal,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/**
 * Links a copy to existing files. True when the copy needs no staged bytes of its own: all files are stored, or packs,
 * which have theirs. Throws DomainError `copySourceDeleted` when one was removed since the source was read. A file that
 * is being deleted does not count as stored: the copy then needs staged bytes, which its source has if it is newer than
 * the deletion.
 */
export async function linkExtents(
  tx: Tx,
  owner: string,
  version: number,
  extents: readonly Extent[],
): Promise<boolean> {
  const readable = new Map<number, boolean>();
  for (const some of chunks(extents.map((extent) => toRowId(extent.file) ?? 0))) {
    const rows = await tx
      .selectFrom("files")
      .select(["id", "state", "packed"])
      .where("id", "in", some)
      .where("owner", "=", owner)
      .execute();
    for (const row of rows) {
      const has = row.state === "stored" || (row.packed !== null && row.state !== "deleting");
      if (row.packed !== null && !has) throw copySourceDeleted();
      readable.set(row.id, has);
    }
  }
  const rows = extents.map((extent, position) => {
    const file = toRowId(extent.file) ?? 0;
    if (!readable.has(file)) throw copySourceDeleted();
    const { offset, length, packed } = extent;
    const stored = { stored_length: packed?.length ?? null, digest: packed?.digest ?? null };
    return { version_id: version, position, file_id: file, offset, length, ...stored };
  });
  // The last version with this run may have been deleted since: then the run is live again.
  for (const row of rows) if (row.stored_length !== null) await countLive(tx, row, row.stored_length);
  for (const some of chunks(rows)) await tx.insertInto("extents").values(some).execute();
  return [...readable.values()].every(Boolean);
}

/** Unlinks a version from its files, and releases files without references. Returns the blobs that were unlinked. */
export async function unlinkFiles(tx: Tx, now: number, version: number): Promise<string[]> {
  const rows = await tx
    .deleteFrom("extents")
    .where("version_id", "=", version)
    .returning(["file_id", "offset", "stored_length"])
    .execute();
  const files = [...new Set(rows.map((row) => row.file_id))];
  // Of versions that share a file and go at once, one must see that it is the last.
  await lock(
    tx,
    files.map((file) => `file ${file}`),
  );
  for (const row of rows) if (row.stored_length !== null) await countLive(tx, row, -row.stored_length);
  const released: string[] = [];
  for (const file of files) released.push(...(await releaseFile(tx, now, file)));
  return released;
}

/**
 * Removes a file without references, or adds its `delete` job. One that is being deleted gives up what it got when it
 * was needed again, as the chain may refuse the deletion for long. Does nothing while there are references. Returns the
 * blobs that were unlinked.
 */
export async function releaseFile(tx: Tx, now: number, file: number): Promise<string[]> {
  if (await isReferenced(tx, file)) return [];
  const row = await tx
    .selectFrom("files")
    .select(["state", "declared", "signed_nonce", "journal"])
    .where("id", "=", file)
    .executeTakeFirst();
  if (!row) return [];
  if (row.state === "failed" && row.declared === 0 && row.signed_nonce === null) return removeFile(tx, file);
  if (row.state === "deleting") {
    await removeJob(tx, "store", file);
    return dropFileBytes(tx, file);
  }
  if (row.state === "stored" && row.journal === null) await noteUnneeded(tx, file);
  // A deal cannot be cancelled. It is completed first, and `stored` then adds the `delete` job.
  if (row.state === "stored" || row.state === "failed") await addJob(tx, now, "delete", file);
  else await wakeJobs(tx, now, ["store"], [file]);
  // Nothing is sent of a file that has failed: its deletion may wait for long, and needs no bytes.
  return row.state === "failed" ? dropFileBytes(tx, file) : [];
}

/** That nothing needs it is news for the journal: until it is there, a rebuild would need the file (JournalCatalog.holds). */
async function noteUnneeded(tx: Tx, file: number): Promise<void> {
  await tx
    .insertInto("journal_changes")
    .values({ kind: unitKind("file").kind, number: file, name: "", journal: 0 })
    .onConflict((conflict) => conflict.columns(["kind", "number", "name"]).doUpdateSet({ journal: 0 }))
    .execute();
}

/** Whether a version needs the file, or will when objects have moved to it or it has been taken over; or a journal or share does. */
export async function isReferenced(tx: Tx, file: number): Promise<boolean> {
  const extents = tx.selectFrom("extents").select("offset").where("file_id", "=", file).limit(1);
  if (await extents.executeTakeFirst()) return true;
  const moves = tx.selectFrom("pack_moves").select("offset").where("file_id", "=", file).limit(1);
  if (await moves.executeTakeFirst()) return true;
  const takenOver = tx.selectFrom("take_overs").select("id").where("file_id", "=", file).limit(1);
  if (await takenOver.executeTakeFirst()) return true;
  const journals = tx.selectFrom("journals").select("number").where("file_id", "=", file).limit(1);
  if (await journals.executeTakeFirst()) return true;
  const shared = tx.selectFrom("share_snapshots").select("number").where("file_id", "=", file).limit(1);
  return (await shared.executeTakeFirst()) !== undefined;
}

/** Adds to the live bytes of a pack, unless another version needs the run. */
async function countLive(
  tx: Tx,
  { file_id: file, offset }: { readonly file_id: number; readonly offset: number },
  bytes: number,
): Promise<void> {
  const other = await tx
    .selectFrom("extents")
    .select("version_id")
    .where("file_id", "=", file)
    .where("offset", "=", offset)
    .where("digest", "is not", null)
    .limit(1)
    .executeTakeFirst();
  if (!other) await addLiveBytes(tx, file, bytes);
}

export async function addLiveBytes(tx: Tx, file: number, bytes: number): Promise<void> {
  await tx
    .updateTable("files")
    .set((eb) => ({ live_bytes: eb("live_bytes", "+", bytes) }))
    .where("id", "=", file)
    .execute();
}

/** Removes the row with its jobs and placements. Returns the blobs that were unlinked. */
export async function removeFile(tx: Tx, file: number): Promise<string[]> {
  await tx.deleteFrom("files").where("id", "=", file).execute();
  await tx.deleteFrom("placements").where("file_id", "=", file).execute();
  await tx.deleteFrom("failing_fragments").where("file_id", "=", file).execute();
  await tx.deleteFrom("jobs").where("kind", "in", ["store", "delete"]).where("subject", "=", file).execute();
  await tx.deleteFrom("pack_moves").where("file_id", "=", file).execute();
  return unlinkFileBlobs(tx, file);
}

/** A copy shares the source's files, so the source must still exist when the copy is committed. */
export function copySourceDeleted(): DomainError {
  return new DomainError({ kind: "copySourceDeleted" }, "The source was deleted while it was being copied.");
}

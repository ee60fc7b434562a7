import type { BlobId, BlobSlice } from "../model/object.js";
import { chunks, single, statement, type Tx } from "./store.js";

/** Returns those of the blobs that no version, file or part links. */
export async function orphansAmong(tx: Tx, blobs: readonly string[]): Promise<BlobId[]> {
  const unlinked = new Set(blobs);
  for (const some of chunks([...unlinked])) {
    for (const blob of await linkedAmong(tx, some)) unlinked.delete(blob);
  }
  return [...unlinked] as BlobId[];
}

const linksOf = single<{ readonly blob: string }>()((db, bound) =>
  db
    .selectFrom("version_blobs")
    .select("blob")
    .where("blob", "=", bound("blob"))
    .union(db.selectFrom("file_blobs").select("blob").where("blob", "=", bound("blob")))
    .union(db.selectFrom("parts").select("blob").where("blob", "=", bound("blob"))),
);

async function linkedAmong(tx: Tx, blobs: readonly string[]): Promise<string[]> {
  const [blob, another] = blobs;
  // The usual case: an object that was uploaded in one piece.
  if (blob !== undefined && another === undefined) return (await linksOf(tx, { blob })) ? [blob] : [];
  const rows = await tx
    .selectFrom("version_blobs")
    .select("blob")
    .where("blob", "in", blobs)
    .union(tx.selectFrom("file_blobs").select("blob").where("blob", "in", blobs))
    .union(tx.selectFrom("parts").select("blob").where("blob", "in", blobs))
    .execute();
  return rows.map((row) => row.blob);
}

const nonEmpty = (slices: readonly BlobSlice[]) => slices.filter((slice) => slice.length > 0);

const linkOneBlob = statement<BlobSlice & { readonly version: number }>()((db, bound) =>
  db.insertInto("version_blobs").values({
    version_id: bound("version"),
    position: 0,
    blob: bound("blob"),
    offset: bound("offset"),
    length: bound("length"),
  }),
);

export async function linkVersionBlobs(tx: Tx, version: number, slices: readonly BlobSlice[]): Promise<void> {
  const rows = nonEmpty(slices).map((slice, position) => ({ version_id: version, position, ...slice }));
  const [only, another] = rows;
  // The usual case: an object that was uploaded in one piece.
  if (only && !another) await linkOneBlob(tx, { version, ...only });
  else for (const some of chunks(rows)) await tx.insertInto("version_blobs").values(some).execute();
}

export async function linkFileBlobs(tx: Tx, file: number, slices: readonly BlobSlice[]): Promise<void> {
  const rows = nonEmpty(slices).map((slice, position) => ({ file_id: file, position, ...slice }));
  for (const some of chunks(rows)) await tx.insertInto("file_blobs").values(some).execute();
}

const unlinkAll = statement<{ readonly version: number }>()((db, bound) =>
  db.deleteFrom("version_blobs").where("version_id", "=", bound("version")).returning("blob"),
);

export async function unlinkVersionBlobs(tx: Tx, version: number): Promise<string[]> {
  return (await unlinkAll(tx, { version })).map((row) => row.blob);
}

export async function unlinkFileBlobs(tx: Tx, file: number): Promise<string[]> {
  const rows = await tx.deleteFrom("file_blobs").where("file_id", "=", file).returning("blob").execute();
  return rows.map((row) => row.blob);
}

/** A file lets its staged bytes go: what it gets next is its content again, not the segments of a repair. */
export async function dropFileBytes(tx: Tx, file: number): Promise<string[]> {
  await tx.updateTable("files").set({ restored: 0 }).where("id", "=", file).where("restored", "=", 1).execute();
  return unlinkFileBlobs(tx, file);
}

export function versionBlobQuery(tx: Tx, version: number) {
  return tx
    .selectFrom("version_blobs")
    .select(["blob", "offset", "length"])
    .where("version_id", "=", version)
    .orderBy("position");
}

export async function fileBlobs(tx: Tx, file: number): Promise<BlobSlice[]> {
  return (await tx
    .selectFrom("file_blobs")
    .select(["blob", "offset", "length"])
    .where("file_id", "=", file)
    .orderBy("position")
    .execute()) as BlobSlice[];
}

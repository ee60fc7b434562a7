import type { BlobSlice } from "../model/object.js";
import { orphansAmong } from "./blob-links.js";
import type { DamageCatalog, DamagedObject, DamagedPart, RecordedDamage } from "./catalog.js";
import { isWhollyStored } from "./file-links.js";
import { removeJob } from "./jobs.js";
import { fromKeyText } from "./key-text.js";
import { dequeue } from "./pack-queue.js";
import { chunks, type Store, type Tx } from "./store.js";

export class DamageTableCatalog implements DamageCatalog {
  constructor(private readonly store: Store) {}

  record(slices: readonly BlobSlice[], why: string): Promise<RecordedDamage> {
    return this.store.write(async (tx) => {
      const blobs = new Set(slices.map(({ blob }) => blob));
      const needed = (await orphansAmong(tx, [...blobs])).length < blobs.size;
      const objects: DamagedObject[] = [];
      const parts: DamagedPart[] = [];
      for (const slice of needed ? slices : []) {
        objects.push(...(await markVersions(tx, await versionsWith(tx, slice), why)));
        parts.push(...(await openParts(tx, slice)));
      }
      return { needed, objects, parts };
    });
  }

  async count(): Promise<number> {
    const row = await this.store.reads
      .selectFrom("versions")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("damage", "is not", null)
      .executeTakeFirstOrThrow();
    return row.count;
  }
}

async function versionsWith(tx: Tx, { blob, offset, length }: BlobSlice): Promise<number[]> {
  const end = offset + length;
  const own = await tx
    .selectFrom("version_blobs")
    .select("version_id")
    .where("blob", "=", blob)
    .where("offset", "<", end)
    .where((eb) => eb(eb("offset", "+", eb.ref("length")), ">", offset))
    .execute();
  // A pack's content is one slice, which begins with the blob.
  const packed = await tx
    .selectFrom("file_blobs as b")
    .innerJoin("extents as e", "e.file_id", "b.file_id")
    .select("e.version_id")
    .where("b.blob", "=", blob)
    .where("e.digest", "is not", null)
    .where("e.offset", "<", end)
    .where((eb) => eb(eb("e.offset", "+", eb.ref("e.stored_length")), ">", offset))
    .execute();
  // Under repair, a file's staged bytes are its segments: the whole file is one version's or several's.
  const restored = await tx
    .selectFrom("file_blobs as b")
    .innerJoin("files as f", "f.id", "b.file_id")
    .innerJoin("extents as e", "e.file_id", "f.id")
    .select("e.version_id")
    .where("b.blob", "=", blob)
    .where("f.restored", "=", 1)
    .execute();
  return [...new Set([...own, ...packed, ...restored].map((row) => row.version_id))];
}

async function markVersions(tx: Tx, versions: readonly number[], why: string): Promise<DamagedObject[]> {
  const marked: DamagedObject[] = [];
  for (const some of chunks(versions)) {
    const rows = await tx
      .updateTable("versions")
      .set({ damage: why })
      .where("id", "in", some)
      .where("damage", "is", null)
      .returning(["id", "bucket", "key", "version_id"])
      .execute();
    for (const { id, bucket, key, version_id: versionId } of rows) {
      await removeJob(tx, "encode", id);
      marked.push({ bucket, key: fromKeyText(key), versionId });
    }
    await dequeue(tx, some);
  }
  return marked;
}

async function openParts(tx: Tx, { blob }: BlobSlice): Promise<DamagedPart[]> {
  const rows = await tx
    .selectFrom("parts as p")
    .innerJoin("uploads as u", "u.id", "p.upload_id")
    .select(["u.bucket", "u.key", "u.id", "p.part_number"])
    .where("p.blob", "=", blob)
    .execute();
  return rows.map(({ bucket, key, id, part_number: partNumber }) => ({
    bucket,
    key: fromKeyText(key),
    uploadId: id,
    partNumber,
  }));
}

/** Versions in this file whose files are all stored: nothing of them is read from staging any more. */
export async function forgetDamage(tx: Tx, file: number): Promise<void> {
  await tx
    .updateTable("versions")
    .set({ damage: null })
    .where("damage", "is not", null)
    .where("id", "in", (eb) => eb.selectFrom("extents as x").select("x.version_id").where("x.file_id", "=", file))
    .where(isWhollyStored("versions.id"))
    .execute();
}

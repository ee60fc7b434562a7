import { sql } from "kysely";
import { noBucket } from "../model/bucket.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import { noUpload, type Part, type Upload } from "../model/object.js";
import { NO_USAGE, type AccountQuota } from "../model/quota.js";
import type { Preconditions } from "../model/precondition.js";
import { orphansAmong } from "./blob-links.js";
import type { NewVersion, Released, UploadCatalog, UploadPage, UploadQuery, UploadResult, Written } from "./catalog.js";
import {
  aclColumn,
  checksumColumn,
  contentColumn,
  encryptionColumn,
  lockColumn,
  metadataColumn,
  tagsColumn,
  uploadResultColumn,
} from "./json-columns.js";
import { fromKeyText, toKeyText } from "./key-text.js";
import { recordOutboxEvent } from "./objects.js";
import type { UploadTable } from "./schema.js";
import type { FormatColumn } from "./segment-columns.js";
import { insertStaged } from "./staged-version.js";
import type { Store, Tx } from "./store.js";
import { changeUsage, freeUsage, replacement, usageOf } from "./usage.js";
import { findSlot, requirePreconditions, prepareInsertion, slotLock } from "./version-chain.js";
import { listUploads } from "./upload-listing.js";
import { toPart, toUpload } from "./upload-rows.js";
import { toVersion, unlinkVersion, type PlacedVersionRow } from "./versions.js";

/** Uploads forgotten in one transaction. */
const FORGET_BATCH = 1000;

export class UploadTableCatalog implements UploadCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly formats: FormatColumn,
  ) {}

  create(upload: Omit<Upload, "createdAt" | "state">): Promise<Upload> {
    return this.store.write(
      async (tx) => {
        const bucket = await tx
          .selectFrom("buckets")
          .select("name")
          .where("name", "=", upload.bucket)
          .executeTakeFirst();
        if (!bucket) throw noBucket(upload.bucket);
        const row: UploadTable = {
          id: upload.id,
          bucket: upload.bucket,
          key: toKeyText(upload.key),
          owner: upload.owner,
          created_at: this.clock.now(),
          state: "open",
          ended_at: null,
          content: contentColumn.pack(upload.content),
          metadata: metadataColumn.pack(upload.metadata),
          checksum_algorithm: upload.checksumAlgorithm ?? null,
          checksum_type: upload.checksumType ?? null,
          result: null,
          tags: tagsColumn.pack(upload.tags),
          lock: lockColumn.pack(upload.lock),
          acl: aclColumn.pack(upload.acl),
          encryption: encryptionColumn.pack(upload.encryption),
          format: this.formats.pack(upload.format),
        };
        await tx.insertInto("uploads").values(row).execute();
        return { ...toUpload(row), ...(upload.format ? { format: upload.format } : {}) };
      },
      { locks: [uploadLock(upload.id)] },
    );
  }

  async get(bucket: string, key: string, id: string): Promise<Upload | undefined> {
    const row = await this.store.reads
      .selectFrom("uploads")
      .selectAll()
      .where("id", "=", id)
      .where("bucket", "=", bucket)
      .where("key", "=", toKeyText(key))
      .executeTakeFirst();
    return row && { ...toUpload(row), ...(row.format === null ? {} : { format: this.formats.unpack(row.format) }) };
  }

  putPart(
    id: string,
    part: Omit<Part, "createdAt">,
    accountQuota?: AccountQuota,
  ): Promise<Released & { readonly part: Part }> {
    return this.store.write(
      async (tx) => {
        const known = await tx
          .selectFrom("uploads as u")
          .leftJoin("parts as p", (join) =>
            join.onRef("p.upload_id", "=", "u.id").on("p.part_number", "=", part.partNumber),
          )
          .innerJoin("buckets as b", "b.name", "u.bucket")
          .select(["u.state", "u.bucket", "b.owner", "p.blob", "p.size"])
          .where("u.id", "=", id)
          .executeTakeFirst();
        if (known?.state !== "open") throw noUpload(id);
        const change = { ...NO_USAGE, uploadBytes: part.size - (known.size ?? 0) };
        await changeUsage(tx, known, change, accountQuota);
        const content = {
          size: part.size,
          etag: part.etag,
          checksum: checksumColumn.pack(part.checksum),
          blob: part.blob,
          created_at: this.clock.now(),
        };
        await tx
          .insertInto("parts")
          .values({ upload_id: id, part_number: part.partNumber, ...content })
          .onConflict((conflict) => conflict.columns(["upload_id", "part_number"]).doUpdateSet(content))
          .execute();
        const orphans = known.blob === null ? [] : await orphansAmong(tx, [known.blob]);
        return { part: { ...part, createdAt: content.created_at }, orphans };
      },
      { locks: [`part ${id}/${part.partNumber}`], shares: [uploadLock(id)] },
    );
  }

  async parts(id: string, after = 0, limit?: number): Promise<Part[]> {
    const rows = this.store.reads
      .selectFrom("parts")
      .selectAll()
      .where("upload_id", "=", id)
      .where("part_number", ">", after)
      .orderBy("part_number");
    return (await (limit === undefined ? rows : rows.limit(limit)).execute()).map(toPart);
  }

  async size(id: string): Promise<number> {
    const row = await this.store.reads
      .selectFrom("parts")
      .select(sql<number | null>`sum(size)`.as("bytes"))
      .where("upload_id", "=", id)
      .executeTakeFirstOrThrow();
    return row.bytes ?? 0;
  }

  list(query: UploadQuery): Promise<UploadPage> {
    return listUploads(this.store.reads, query);
  }

  abort(id: string): Promise<Released> {
    return this.store.write(async (tx) => {
      const upload = await tx.selectFrom("uploads").select("state").where("id", "=", id).executeTakeFirst();
      if (upload?.state === "aborted") return { orphans: [] };
      if (upload?.state !== "open") throw noUpload(id);
      return { orphans: await orphansAmong(tx, await abortUpload(tx, this.clock.now(), id)) };
    });
  }

  complete(id: string, version: NewVersion, parts: readonly Part[], preconditions?: Preconditions): Promise<Written> {
    return this.store.write(
      async (tx) => {
        const now = this.clock.now();
        const format = this.formats.unpack(await requireOpen(tx, id, version));
        const { released, bytes } = await takeParts(tx, id, parts);
        const slot = await findSlot(tx, version.bucket, version.key);
        requirePreconditions(preconditions, version.key, slot.current);
        const { versionId, replaced } = await prepareInsertion(tx, slot);
        const change = replacement(usageOf(version), replaced && usageOf(replaced));
        if (replaced) released.push(...(await unlinkVersion(tx, now, replaced)));
        const slices = parts.map(({ blob, size }) => ({ blob, offset: 0, length: size }));
        const row = await insertStaged(tx, now, this.formats, version, {
          slot,
          change: { ...change, uploadBytes: -bytes },
          versionId,
          slices,
          format,
        });
        await handOverPrepared(tx, id, row);
        await recordOutboxEvent(tx, now, version, row);
        const completed = toVersion(row, []);
        const { chargedBytes } = completed.durability;
        const result: UploadResult = {
          etag: version.etag,
          versionId,
          partEtags: parts.map((part) => part.etag),
          ...(version.checksum ? { checksum: version.checksum } : {}),
          ...(chargedBytes !== undefined && { chargedBytes }),
        };
        await tx
          .updateTable("uploads")
          .set({ state: "completed", ended_at: now, format: null, result: uploadResultColumn.pack(result) })
          .where("id", "=", id)
          .execute();
        return { version: completed, orphans: await orphansAmong(tx, released) };
      },
      { locks: [uploadLock(id), slotLock(version)] },
    );
  }

  async result(id: string): Promise<UploadResult | undefined> {
    const row = await this.store.reads.selectFrom("uploads").select("result").where("id", "=", id).executeTakeFirst();
    return uploadResultColumn.unpack(row?.result ?? null);
  }

  forget(before: number): Promise<number> {
    return this.store.write(async (tx) => {
      const ended = await tx
        .selectFrom("uploads")
        .select("id")
        .where("ended_at", "is not", null)
        .where("ended_at", "<", before)
        .orderBy("ended_at")
        .limit(FORGET_BATCH)
        .execute();
      if (ended.length > 0)
        await tx
          .deleteFrom("uploads")
          .where(
            "id",
            "in",
            ended.map((upload) => upload.id),
          )
          .execute();
      return ended.length;
    });
  }
}

/** Shared by writers of its parts, which each have a lock of their own. */
const uploadLock = (id: string) => `upload ${id}`;

/** What was prepared of the upload serves the version's job. A pack is another content: what waits for one has no job. */
async function handOverPrepared(tx: Tx, upload: string, { id, queued }: PlacedVersionRow): Promise<void> {
  if (queued === 1) await tx.deleteFrom("preparations").where("subject", "=", upload).execute();
  else
    await tx
      .updateTable("preparations")
      .set({ subject: String(id) })
      .where("subject", "=", upload)
      .execute();
}

/** Returns the column of the upload's format. */
async function requireOpen(tx: Tx, id: string, version: NewVersion): Promise<string | null> {
  const upload = await tx
    .selectFrom("uploads")
    .select(["state", "bucket", "key", "format"])
    .where("id", "=", id)
    .executeTakeFirst();
  const open = upload?.state === "open" && upload.bucket === version.bucket && fromKeyText(upload.key) === version.key;
  if (!open) throw noUpload(id);
  return upload.format;
}

/**
 * Removes all parts and returns their blobs and bytes. The listed ones must be unchanged, else throws DomainError `partReplaced`.
 */
async function takeParts(
  tx: Tx,
  id: string,
  listed: readonly Part[],
): Promise<{ readonly released: string[]; readonly bytes: number }> {
  const rows = await tx
    .deleteFrom("parts")
    .where("upload_id", "=", id)
    .returning(["part_number", "blob", "size"])
    .execute();
  const blobs = new Map(rows.map((row) => [row.part_number, row.blob]));
  for (const part of listed) {
    if (blobs.get(part.partNumber) !== part.blob) {
      throw new DomainError(
        { kind: "partReplaced", partNumber: part.partNumber },
        `Part ${part.partNumber} was uploaded again while the upload was being completed.`,
      );
    }
  }
  return { released: [...blobs.values()], bytes: totalBytes(rows) };
}

function totalBytes(parts: readonly { readonly size: number }[]): number {
  return parts.reduce((total, { size }) => total + size, 0);
}

/** Marks an open upload as aborted. Returns the blobs of its parts. */
export async function abortUpload(tx: Tx, now: number, id: string): Promise<string[]> {
  const rows = await tx.deleteFrom("parts").where("upload_id", "=", id).returning(["blob", "size"]).execute();
  const upload = await tx.selectFrom("uploads").select("bucket").where("id", "=", id).executeTakeFirst();
  if (upload && rows.length > 0) await freeUsage(tx, upload.bucket, { ...NO_USAGE, uploadBytes: totalBytes(rows) });
  await tx.deleteFrom("preparations").where("subject", "=", id).execute();
  await tx.updateTable("uploads").set({ state: "aborted", ended_at: now, format: null }).where("id", "=", id).execute();
  return rows.map((row) => row.blob);
}

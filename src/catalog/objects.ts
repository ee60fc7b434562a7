import type { Acl } from "../model/acl.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import type { Extent } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import { requireRetentionChange, type ObjectLock, type Retention } from "../model/object-lock.js";
import type { BlobSlice, ObjectVersion } from "../model/object.js";
import type { Preconditions } from "../model/precondition.js";
import { isUnlimited } from "../model/quota.js";
import type { Tag } from "../model/tag.js";
import { linkVersionBlobs, orphansAmong, unlinkVersionBlobs, versionBlobQuery } from "./blob-links.js";
import type { BucketCache, ConfiguredBucket } from "./bucket-cache.js";
import type {
  Deleted,
  DeleteRequest,
  NewFile,
  NewVersion,
  ObjectCatalog,
  ObjectPage,
  ObjectQuery,
  Released,
  VersionBytes,
  VersionPage,
  VersionQuery,
  Written,
} from "./catalog.js";
import { deleteObject } from "./deletion.js";
import { recordEvents, recordStored } from "./events.js";
import { copySourceDeleted, linkExtents, linkFiles } from "./file-links.js";
import { removeJob } from "./jobs.js";
import { aclColumn, contentColumn, lockColumn, tagsColumn } from "./json-columns.js";
import { toKeyText } from "./key-text.js";
import { ObjectListing } from "./object-listing.js";
import type { FormatColumn } from "./segment-columns.js";
import { insertStaged, type Staged } from "./staged-version.js";
import { toRowId, type Prepared, type Store, type Tx } from "./store.js";
import { changeUsage, replacement, usageOf } from "./usage.js";
import { undeclaredBytes } from "./undeclared.js";
import { findSlot, requirePreconditions, prepareInsertion, slotLock } from "./version-chain.js";
import { listVersions } from "./version-listing.js";
import {
  extentQuery,
  extentRows,
  insertVersion,
  isLatest,
  isQueued,
  toExtent,
  toVersion,
  unlinkVersion,
  type ExtentRow,
  type PlacedVersionRow,
} from "./versions.js";

/** Attempts of a read whose version is deleted between the read of its row and of its extents. */
const READ_ATTEMPTS = 10;

export class ObjectTableCatalog implements ObjectCatalog {
  private readonly listing: ObjectListing;
  private readonly latestRow: Prepared<PlacedVersionRow>;
  private readonly versionRow: Prepared<PlacedVersionRow>;
  private readonly extentRows: Prepared<ExtentRow>;
  private readonly blobRows: Prepared<BlobSlice>;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly formats: FormatColumn,
    private readonly buckets: BucketCache,
  ) {
    this.listing = new ObjectListing(store);
    const rows = placedRows(store.reads).where("bucket", "=", "").where("key", "=", "");
    this.latestRow = store.prepared(rows.where(isLatest));
    this.versionRow = store.prepared(rows.where("version_id", "=", ""));
    this.extentRows = store.prepared(extentQuery(store.reads, 0));
    this.blobRows = store.prepared(versionBlobQuery(store.reads, 0)) as Prepared<BlobSlice>;
  }

  get(bucket: string, key: string, versionId?: string): Promise<ObjectVersion | undefined> {
    const name = [bucket, toKeyText(key)];
    const read = () => (versionId === undefined ? this.latestRow(name) : this.versionRow([...name, versionId]));
    return this.whole(async () => (await read())[0]);
  }

  byId(id: string): Promise<ObjectVersion | undefined> {
    const row = placedRows(this.store.reads).where("id", "=", toRowId(id) ?? 0);
    return this.whole(() => row.executeTakeFirst());
  }

  /**
   * A version's row and its extents are two reads, and the version may be deleted between them. A version keeps its
   * extents as long as it exists, so if expected extents are missing, the read starts again.
   */
  private async whole(read: () => Promise<PlacedVersionRow | undefined>): Promise<ObjectVersion | undefined> {
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const row = await read();
      if (!row) return undefined;
      if (row.size === 0 || row.staged_segments > 0 || row.delete_marker === 1) return toVersion(row, []);
      const extents = await this.extentRows([row.id]);
      // What was lost with another gateway's disk has none.
      if (extents.length > 0 || row.damage !== null) return toVersion(row, extents);
    }
    throw new DomainError({ kind: "overloaded" }, "The object is being replaced too quickly to be read.");
  }

  put(version: NewVersion, bytes: VersionBytes, preconditions?: Preconditions): Promise<Written> {
    const write = (bucket: ConfiguredBucket | undefined) =>
      this.write(version, bytes, preconditions, bucket !== undefined && isUnlimited(bucket.quota));
    // Where others change it, too, it is as it was when the request began, or shortly before.
    return this.store.shared
      ? this.buckets.read(version.bucket).then(write)
      : write(this.buckets.known(version.bucket));
  }

  /** `free`: the bucket seems to have no quota, so nothing that is found out when rows are inserted refuses them. */
  private write(
    version: NewVersion,
    bytes: VersionBytes,
    preconditions: Preconditions | undefined,
    free: boolean,
  ): Promise<Written> {
    // A copy shares bytes and files with its source, which others may remove meanwhile. It runs alone.
    const copies = bytes.copied === true || (bytes.extents?.length ?? 0) > 0;
    const intent = async (tx: Tx) => {
      const now = this.clock.now();
      const slot = await findSlot(tx, version.bucket, version.key);
      requirePreconditions(preconditions, version.key, slot.current);
      const { versionId, replaced } = await prepareInsertion(tx, slot);
      const change = replacement(usageOf(version), replaced && usageOf(replaced));
      const last = free && replaced === undefined && version.outboxEvent === undefined;
      const row = await this.insert(tx, now, version, bytes, {
        slot,
        change,
        versionId,
        last,
        free: free && !this.store.shared,
      });
      // A copy onto itself shares the old version's blobs and files, so the old version is unlinked after the new one
      // is linked.
      const released = replaced ? await unlinkVersion(tx, now, replaced) : [];
      await recordOutboxEvent(tx, now, version, row);
      if (bytes.extents?.length) await recordStored(tx, now, { version: row.id });
      const extents = bytes.extents?.length ? await extentRows(tx, row.id) : [];
      return { version: toVersion(row, extents), orphans: await orphansAmong(tx, released) };
    };
    return this.store.write(intent, copies ? {} : { locks: [slotLock(version)] });
  }

  private async insert(
    tx: Tx,
    now: number,
    version: NewVersion,
    bytes: VersionBytes,
    staged: Pick<Staged, "slot" | "change" | "versionId" | "free" | "last">,
  ): Promise<PlacedVersionRow> {
    const { blobs, extents = [] } = bytes;
    const { slot, change, versionId } = staged;
    // A copy without blobs and extents had a source that is deleted by now; `requireLinked` refuses it.
    if (bytes.copied !== true && version.size > 0 && blobs.length === 0 && extents.length === 0)
      throw new Error("a version of some size needs blobs or extents");
    if (extents.length > 0) {
      await changeUsage(tx, slot, change, version.accountQuota);
      const only = extents.length === 1 ? extents[0]?.fid : undefined;
      // Between the reads of a packed source and of its extents it may have moved to another pack.
      const fid = extents[0]?.packed ? only : (version.fid ?? only);
      const row = await insertVersion(tx, now, version, { versionId, fid });
      if (await linkExtents(tx, version.owner, row.id, extents)) return { queued: 0, ...row };
      // Until the files are stored, the copy is read from the same staged bytes.
      await requireLinked(tx, blobs);
      await linkVersionBlobs(tx, row.id, blobs);
      return { queued: 0, ...row };
    }
    if (bytes.copied === true) await requireLinked(tx, blobs);
    const { format } = version;
    return insertStaged(tx, now, this.formats, version, { slices: blobs, format, ...staged });
  }

  delete(bucket: string, key: string, preconditions?: Preconditions, request: DeleteRequest = {}): Promise<Deleted> {
    return this.store.write((tx) => deleteObject(tx, this.clock.now(), { bucket, key }, preconditions, request), {
      locks: [slotLock({ bucket, key })],
    });
  }

  list(query: ObjectQuery): Promise<ObjectPage> {
    return this.listing.page(query);
  }

  listVersions(query: VersionQuery): Promise<VersionPage> {
    return listVersions(this.store.reads, query);
  }

  setAcl(id: string, acl: Acl | undefined): Promise<boolean> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("versions")
        .set({ acl: aclColumn.pack(acl) })
        .where("id", "=", toRowId(id) ?? 0)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  setStorageClass(id: string, storageClass: string): Promise<boolean> {
    return this.store.write(async (tx) => {
      const found = await tx
        .selectFrom("versions")
        .select("content")
        .where("id", "=", toRowId(id) ?? 0)
        .executeTakeFirst();
      if (!found) return false;
      const content = { ...contentColumn.unpack(found.content), storageClass };
      await tx
        .updateTable("versions")
        .set({ content: contentColumn.pack(content) })
        .where("id", "=", toRowId(id) ?? 0)
        .execute();
      return true;
    });
  }

  setTags(id: string, tags: readonly Tag[]): Promise<boolean> {
    return this.store.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("versions")
        .set({ tags: tagsColumn.pack(tags) })
        .where("id", "=", toRowId(id) ?? 0)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  setRetention(id: string, retention: Retention | undefined, bypassGovernance: boolean): Promise<boolean> {
    return this.relock(id, (lock) => {
      requireRetentionChange(lock, retention, this.clock.now(), bypassGovernance);
      const hold = lock.legalHold === undefined ? {} : { legalHold: lock.legalHold };
      return retention ? { ...hold, retention } : hold;
    });
  }

  setLegalHold(id: string, legalHold: "ON" | "OFF"): Promise<boolean> {
    return this.relock(id, (lock) => ({ ...lock, legalHold }));
  }

  private relock(id: string, change: (lock: ObjectLock) => ObjectLock): Promise<boolean> {
    return this.store.write(async (tx) => {
      const row = await tx
        .selectFrom("versions")
        .select(["id", "lock"])
        .where("id", "=", toRowId(id) ?? 0)
        .executeTakeFirst();
      if (!row) return false;
      const lock = lockColumn.pack(change(lockColumn.unpack(row.lock) ?? {}));
      await tx.updateTable("versions").set({ lock }).where("id", "=", row.id).execute();
      return true;
    });
  }

  async blobs(id: string): Promise<readonly BlobSlice[]> {
    return this.blobRows([toRowId(id) ?? 0]);
  }

  async extents(id: string): Promise<readonly Extent[]> {
    const rows = await this.extentRows([toRowId(id) ?? 0]);
    return rows.map(toExtent);
  }

  attach(id: string, files: readonly NewFile[], fid?: Fid): Promise<Released> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      const version = await tx
        .selectFrom("versions")
        .select(["id", "owner", "fid"])
        .where("id", "=", toRowId(id) ?? 0)
        .where("staged_segments", ">", 0)
        .executeTakeFirst();
      if (!version) return { orphans: [] };
      const found = fidOf(files, fid) ?? null;
      // Clients know this FID. That the same bytes have another now means that the disk has damaged them.
      if (version.fid !== null && version.fid !== found)
        throw new Error(`the version was written with FID ${version.fid}, but its staged bytes have ${found}`);
      const allStored = await linkFiles(tx, now, this.formats, version, files);
      await tx.updateTable("versions").set({ staged_segments: 0, fid: found }).where("id", "=", version.id).execute();
      await removeJob(tx, "encode", version.id);
      await tx.deleteFrom("preparations").where("subject", "=", id).execute();
      const released = allStored ? await unlinkVersionBlobs(tx, version.id) : [];
      if (allStored) await recordStored(tx, now, { version: version.id });
      return { orphans: await orphansAmong(tx, released) };
    });
  }

  undeclaredBytes(owner: string): Promise<number> {
    return undeclaredBytes(this.store.reads, owner);
  }
}

function placedRows(db: Tx) {
  return db.selectFrom("versions").selectAll().select(isQueued.as("queued"));
}

/** Throws DomainError `copySourceDeleted` when blobs of the source were unlinked since they were read. */
async function requireLinked(tx: Tx, slices: readonly BlobSlice[]): Promise<void> {
  const gone =
    slices.length === 0 ||
    (
      await orphansAmong(
        tx,
        slices.map((slice) => slice.blob),
      )
    ).length > 0;
  if (gone) throw copySourceDeleted();
}

/** Records the event of a new version. */
export async function recordOutboxEvent(
  tx: Tx,
  now: number,
  { bucket, key, outboxEvent: announced }: NewVersion,
  { version_id: versionId, size, etag, fid }: PlacedVersionRow,
): Promise<void> {
  if (announced) await recordEvents(tx, now, announced, { bucket, key, versionId, size, etag, fid });
}

/** The FID of a version: of its one file, or the root over all segments of several. */
function fidOf(files: readonly NewFile[], root: Fid | undefined): Fid | undefined {
  return root ?? (files.length === 1 ? files[0]?.fid : undefined);
}

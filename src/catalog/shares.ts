import { createHash } from "node:crypto";
import { noBucket } from "../model/bucket.js";
import type { Clock } from "../model/clock.js";
import type { JournalUnit } from "../model/journal-unit.js";
import { linkFileBlobs } from "./blob-links.js";
import type { KnownShare, NewFile, Share, ShareCatalog, ShareSnapshot } from "./catalog.js";
import { insertFile, releaseFile } from "./file-links.js";
import { addJob } from "./jobs.js";
import { unitsNow } from "./journal-rows.js";
import { unitKind } from "./journal-units.js";
import type { Store, Tx } from "./store.js";

type Key = Pick<Share, "bucket" | "recipient">;

/** In the place of a journal's number: the file is no part of what journals tell. */
const SNAPSHOT = 0;
const idOf = ({ bucket, recipient }: Key) => `${bucket}/${recipient}`;

const streamOf = (id: string) => createHash("sha256").update(id).digest("hex").slice(0, 8);

export class ShareTableCatalog implements ShareCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  add(share: Key): Promise<boolean> {
    return this.store.write(async (tx) => {
      const bucket = await tx.selectFrom("buckets").select("name").where("name", "=", share.bucket).executeTakeFirst();
      if (!bucket) throw noBucket(share.bucket);
      const known = await tx.selectFrom("shares").select("id").where("id", "=", idOf(share)).executeTakeFirst();
      if (known) return false;
      const { bucket: name, recipient } = share;
      const row = { id: idOf(share), bucket: name, recipient, created_at: this.clock.now() };
      await tx.insertInto("shares").values(row).execute();
      return true;
    });
  }

  async all(): Promise<readonly KnownShare[]> {
    const db = this.store.reads;
    const shares = await db
      .selectFrom("shares as s")
      .leftJoin("buckets as b", "b.name", "s.bucket")
      .selectAll("s")
      .select("b.owner")
      .orderBy("s.id")
      .execute();
    const snapshots = await db
      .selectFrom("share_snapshots as s")
      .leftJoin("files as f", "f.id", "s.file_id")
      .selectAll("s")
      .select(["f.fid", "f.state"])
      .orderBy("s.number")
      .execute();
    return shares.map(({ id, bucket, recipient, created_at: createdAt, owner }) => ({
      ...{ bucket, recipient, createdAt, stream: streamOf(id) },
      ...(owner !== null && { owner }),
      snapshots: snapshots
        .filter(({ share }) => share === id)
        .map(({ number, name, digest, read_at: readAt, fid, state }) => ({
          ...{ number, name, digest, readAt },
          ...(fid !== null && state !== null && { file: { fid, state } }),
        })),
    }));
  }

  remove(share: Key): Promise<boolean> {
    return this.store.write(async (tx) => {
      const known = await tx.deleteFrom("shares").where("id", "=", idOf(share)).returning("id").executeTakeFirst();
      await this.letGo(tx, share, 0, Number.MAX_SAFE_INTEGER);
      return known !== undefined;
    });
  }

  async bucket(name: string): Promise<JournalUnit> {
    const [unit] = await unitsNow(this.store.reads, [{ kind: unitKind("bucket").kind, number: 0, name }]);
    return unit ?? { unit: "bucket", key: name };
  }

  async versions(bucket: string, after: number, limit: number): Promise<readonly JournalUnit[]> {
    const rows = await this.store.reads
      .selectFrom("versions")
      .select("id")
      .where("bucket", "=", bucket)
      .where("id", ">", after)
      .orderBy("id")
      .limit(limit)
      .execute();
    return this.units(
      "version",
      rows.map(({ id }) => id),
    );
  }

  files(ids: readonly number[]): Promise<readonly JournalUnit[]> {
    return this.units("file", ids);
  }

  private async units(name: "version" | "file", ids: readonly number[]): Promise<readonly JournalUnit[]> {
    const { kind } = unitKind(name);
    return unitsNow(
      this.store.reads,
      ids.map((number) => ({ kind, number, name: "" })),
    );
  }

  order(share: Key, { number, name, digest, readAt }: ShareSnapshot, file: NewFile, owner: string): Promise<boolean> {
    return this.store.write(async (tx) => {
      const known = await tx.selectFrom("shares").select("id").where("id", "=", idOf(share)).executeTakeFirst();
      if (!known) return false;
      const now = this.clock.now();
      const id = await insertFile(tx, now, owner, file, null, { journal: SNAPSHOT });
      await linkFileBlobs(tx, id, file.blobs);
      await addJob(tx, now, "store", id);
      const row = { file_id: id, share: idOf(share), number, name, digest, read_at: readAt };
      await tx.insertInto("share_snapshots").values(row).execute();
      return true;
    });
  }

  async release(share: Key, which: { readonly below: number } | { readonly number: number }): Promise<void> {
    const [from, to] = "below" in which ? [0, which.below - 1] : [which.number, which.number];
    await this.store.write((tx) => this.letGo(tx, share, from, to));
  }

  private async letGo(tx: Tx, share: Key, from: number, to: number): Promise<void> {
    const gone = await tx
      .deleteFrom("share_snapshots")
      .where("share", "=", idOf(share))
      .where("number", ">=", from)
      .where("number", "<=", to)
      .returning("file_id")
      .execute();
    for (const { file_id: file } of gone) await releaseFile(tx, this.clock.now(), file);
  }
}

import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import { orphansAmong } from "./blob-links.js";
import type { NewTakeOver, Released, TakeOver, TakeOverCatalog, TakeOverProgress } from "./catalog.js";
import { fileFor, releaseFile } from "./file-links.js";
import { fromKeyText, toKeyText } from "./key-text.js";
import type { FormatColumn } from "./segment-columns.js";
import { toRowId, type Store, type Tx } from "./store.js";

/** Rows that one transaction ends. */
const PAGE = 100;

export class TakeOverTableCatalog implements TakeOverCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly formats: FormatColumn,
  ) {}

  begin({ owner, file, bucket, key }: NewTakeOver): Promise<TakeOver> {
    return this.store.write(async (tx) => {
      const now = this.clock.now();
      await this.requireSameForm(tx, owner, file);
      const { id: fileId } = await fileFor(tx, now, this.formats, owner, { ...file, blobs: [] });
      const row = await tx
        .insertInto("take_overs")
        .values({ file_id: fileId, bucket: toKeyText(bucket), key: toKeyText(key), created_at: now })
        .returning("id")
        .executeTakeFirstOrThrow();
      return { id: String(row.id), file: String(fileId) };
    });
  }

  private async requireSameForm(tx: Tx, owner: string, { fid, format }: NewTakeOver["file"]): Promise<void> {
    const known = await tx
      .selectFrom("files")
      .select(["format", "packed"])
      .where("fid", "=", fid)
      .where("owner", "=", owner)
      .executeTakeFirst();
    if (!known || (known.packed === null && this.formats.unpack(known.format).name === format.name)) return;
    throw new DomainError(
      { kind: "fileHeldOtherwise" },
      `The account has stored the file ${fid} itself, and not as it would be copied: copy the object that it belongs to.`,
    );
  }

  async progress(id: string): Promise<TakeOverProgress | undefined> {
    const row = await this.store.reads
      .selectFrom("take_overs as t")
      .innerJoin("files as f", "f.id", "t.file_id")
      .leftJoin("jobs as j", (join) => join.onRef("j.subject", "=", "f.id").on("j.kind", "=", "store"))
      .select(["f.state", "f.failure", "j.attempt", "j.failure as waiting"])
      .where("t.id", "=", toRowId(id) ?? 0)
      .executeTakeFirst();
    if (!row) return undefined;
    return {
      state: row.state,
      attempts: row.attempt ?? 0,
      ...(row.failure === null ? {} : { failure: row.failure }),
      ...(row.waiting === null ? {} : { waiting: row.waiting }),
    };
  }

  async objectOf(file: string): Promise<{ readonly bucket: string; readonly key: string } | undefined> {
    const row = await this.store.reads
      .selectFrom("take_overs")
      .select(["bucket", "key"])
      .where("file_id", "=", toRowId(file) ?? 0)
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    return row && { bucket: fromKeyText(row.bucket), key: fromKeyText(row.key) };
  }

  end(id: string): Promise<Released> {
    return this.store.write(async (tx) => {
      const rows = await tx
        .deleteFrom("take_overs")
        .where("id", "=", toRowId(id) ?? 0)
        .returning("file_id")
        .execute();
      return { orphans: await this.release(tx, rows) };
    });
  }

  endOlder(time: number): Promise<Released & { readonly ended: number }> {
    return this.store.write(async (tx) => {
      const old = tx.selectFrom("take_overs").select("id").where("created_at", "<", time).limit(PAGE);
      const rows = await tx.deleteFrom("take_overs").where("id", "in", old).returning("file_id").execute();
      return { orphans: await this.release(tx, rows), ended: rows.length };
    });
  }

  private async release(tx: Tx, rows: readonly { readonly file_id: number }[]) {
    const released: string[] = [];
    for (const file of new Set(rows.map((row) => row.file_id)))
      released.push(...(await releaseFile(tx, this.clock.now(), file)));
    return orphansAmong(tx, released);
  }
}

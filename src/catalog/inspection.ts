import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import type { BlobId } from "../model/object.js";
import type { DanglingRows, FileState, InspectionCatalog, LinkedBlob, StuckFile, WrongUsage } from "./catalog.js";
import { fromKeyText } from "./key-text.js";
import type { Schema } from "./schema.js";
import type { Store } from "./store.js";
import { recount, wrongUsages } from "./usage-recount.js";

/** Rows read at once. */
const PAGE = 1000;
/** The end of the last slice of a blob that is linked. */
const END = sql<number>`max("offset" + "length")`.as("end");

interface Rule {
  readonly table: keyof Schema;
  /** SQL that is true for a row whose counterpart is gone. */
  readonly where: string;
  readonly what: string;
  readonly removable: boolean;
}

const lacks = (table: string, column: string, id: string) =>
  `not exists (select 1 from ${table} as other where other.${id} = ${column})`;

const RULES: Readonly<Record<string, Rule>> = {
  queue: {
    table: "pack_queue",
    where: lacks("versions", "pack_queue.version_id", "id"),
    what: "places in the pack queue of objects that do not exist",
    removable: true,
  },
  encodeJobs: {
    table: "jobs",
    where: `kind = 'encode' and ${lacks("versions", "jobs.subject", "id")}`,
    what: "jobs to encode objects that do not exist",
    removable: true,
  },
  fileJobs: {
    table: "jobs",
    where: `kind in ('store', 'delete') and ${lacks("files", "jobs.subject", "id")}`,
    what: "jobs to store or delete files that do not exist",
    removable: true,
  },
  versionBlobs: {
    table: "version_blobs",
    where: lacks("versions", "version_blobs.version_id", "id"),
    what: "links to staged bytes of objects that do not exist",
    removable: true,
  },
  fileBlobs: {
    table: "file_blobs",
    where: lacks("files", "file_blobs.file_id", "id"),
    what: "links to staged bytes of files that do not exist",
    removable: true,
  },
  parts: {
    table: "parts",
    where: lacks("uploads", "parts.upload_id", "id"),
    what: "parts of uploads that do not exist",
    removable: true,
  },
  extentsOfVersions: {
    table: "extents",
    where: lacks("versions", "extents.version_id", "id"),
    what: "extents of objects that do not exist",
    removable: true,
  },
  extentsInFiles: {
    table: "extents",
    where: lacks("files", "extents.file_id", "id"),
    what: "extents of objects in files that the catalog has lost: those objects cannot be read",
    removable: false,
  },
  placements: {
    table: "placements",
    where: lacks("files", "placements.file_id", "id"),
    what: "placements of files that do not exist",
    removable: true,
  },
  moves: {
    table: "pack_moves",
    where: `${lacks("files", "pack_moves.file_id", "id")} or ${lacks("files", "pack_moves.source_id", "id")}`,
    what: "moves between packs that do not exist",
    removable: true,
  },
  takeOvers: {
    table: "take_overs",
    where: lacks("files", "take_overs.file_id", "id"),
    what: "files to take over that do not exist",
    removable: true,
  },
  buckets: {
    table: "versions",
    where: lacks("buckets", "versions.bucket", "name"),
    what: "objects in buckets that do not exist",
    removable: false,
  },
};

export class InspectionTableCatalog implements InspectionCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async *linkedBlobs(): AsyncGenerator<LinkedBlob, void> {
    const db = this.store.reads;
    yield* pages<LinkedBlob>(async (after) => {
      const linked = db
        .selectFrom("version_blobs")
        .select("blob")
        .select(({ fn }) => fn.min<number>("version_id").as("holder"))
        .select(END)
        .where("blob", ">", after)
        .groupBy("blob")
        .orderBy("blob")
        .limit(PAGE);
      const rows = await db
        .selectFrom(linked.as("b"))
        .leftJoin("versions as v", "v.id", "b.holder")
        .select(["b.blob", "b.end", "v.bucket", "v.key"])
        .orderBy("b.blob")
        .execute();
      return rows.map(({ blob, end, bucket, key }) => ({
        blob: blob as BlobId,
        end,
        of: bucket === null || key === null ? "an object that does not exist" : `${bucket}/${fromKeyText(key)}`,
      }));
    });
    yield* pages<LinkedBlob>(async (after) => {
      const linked = db
        .selectFrom("file_blobs")
        .select("blob")
        .select(({ fn }) => fn.min<number>("file_id").as("holder"))
        .select(END)
        .where("blob", ">", after)
        .groupBy("blob")
        .orderBy("blob")
        .limit(PAGE);
      const rows = await db
        .selectFrom(linked.as("b"))
        .leftJoin("files as f", "f.id", "b.holder")
        .select(["b.blob", "b.end", "f.fid"])
        .orderBy("b.blob")
        .execute();
      return rows.map(({ blob, end, fid }) => ({
        blob: blob as BlobId,
        end,
        of: `file ${fid ?? "that does not exist"}`,
      }));
    });
    yield* pages<LinkedBlob>(async (after) => {
      const rows = await db
        .selectFrom("parts")
        .select(["blob", "size", "upload_id", "part_number"])
        .where("blob", ">", after)
        .orderBy("blob")
        .limit(PAGE)
        .execute();
      return rows.map(({ blob, size, upload_id, part_number }) => ({
        blob: blob as BlobId,
        end: size,
        of: `part ${part_number} of the upload ${upload_id}`,
      }));
    });
  }

  async linkedContaining(text: string): Promise<BlobId[]> {
    const within = sql<boolean>`replace(blob, ${text}, '') <> blob`;
    const rows = await this.store.reads
      .selectFrom("version_blobs")
      .select("blob")
      .where(within)
      .union((build) => build.selectFrom("file_blobs").select("blob").where(within))
      .union((build) => build.selectFrom("parts").select("blob").where(within))
      .execute();
    return rows.map(({ blob }) => blob as BlobId);
  }

  async dangling(): Promise<DanglingRows[]> {
    const found: DanglingRows[] = [];
    for (const [rule, { table, where, what, removable }] of Object.entries(RULES)) {
      const row = await this.store.reads
        .selectFrom(table)
        .select(sql<number>`count(*)`.as("count"))
        .where(sql<boolean>`(${sql.raw(where)})`)
        .executeTakeFirstOrThrow();
      if (row.count > 0) found.push({ rule, what, count: row.count, removable });
    }
    return found;
  }

  async removeDangling(name: string): Promise<void> {
    const rule = RULES[name];
    if (!rule?.removable) throw new Error(`rows of ${name} are not to be removed`);
    await this.store.write((tx) =>
      sql`delete from ${sql.table(rule.table)} where (${sql.raw(rule.where)})`.execute(tx),
    );
  }

  wrongUsages(): Promise<WrongUsage[]> {
    return wrongUsages(this.store.reads);
  }

  recount(bucket: string): Promise<void> {
    return this.store.write((tx) => recount(tx, bucket));
  }

  async stuckFiles(): Promise<StuckFile[]> {
    const rows = await this.store.reads
      .selectFrom("files as f")
      .select(["f.id", "f.fid", "f.state"])
      .where("f.state", "in", ["encoded", "declared", "placed", "deleting"])
      .where((build) =>
        build.not(
          build.exists(
            build
              .selectFrom("jobs as j")
              .select("j.id")
              .whereRef("j.subject", "=", "f.id")
              .where("j.kind", "in", ["store", "delete"]),
          ),
        ),
      )
      .orderBy("f.id")
      .execute();
    return rows.map(({ id, fid, state }) => ({ file: String(id), fid: fid as Fid, state }));
  }

  async resume({ file, state }: StuckFile): Promise<void> {
    const kind = state === "deleting" ? "delete" : "store";
    const now = this.clock.now();
    await this.store.write((tx) =>
      tx
        .insertInto("jobs")
        .values({ kind, subject: Number(file), due_at: now, created_at: now, leased: 0, woken: 0, attempt: 0 })
        .execute(),
    );
  }

  async stuckObjects(): Promise<string[]> {
    const rows = await this.store.reads
      .selectFrom("versions as v")
      .select(["v.bucket", "v.key"])
      .where((build) =>
        build.exists(build.selectFrom("version_blobs as b").select("b.blob").whereRef("b.version_id", "=", "v.id")),
      )
      .where((build) =>
        build.not(
          build.exists(build.selectFrom("extents as e").select("e.file_id").whereRef("e.version_id", "=", "v.id")),
        ),
      )
      .where((build) =>
        build.not(
          build.exists(
            build.selectFrom("pack_queue as q").select("q.version_id").whereRef("q.version_id", "=", "v.id"),
          ),
        ),
      )
      .where((build) =>
        build.not(
          build.exists(
            build
              .selectFrom("jobs as j")
              .select("j.id")
              .whereRef("j.subject", "=", "v.id")
              .where("j.kind", "=", "encode"),
          ),
        ),
      )
      .limit(PAGE)
      .execute();
    return rows.map(({ bucket, key }) => `${bucket}/${fromKeyText(key)}`);
  }

  async *storedFiles(): AsyncGenerator<{ readonly file: string; readonly fid: Fid; readonly owner: string }, void> {
    for (let after = 0; ;) {
      const rows = await this.store.reads
        .selectFrom("files")
        .select(["id", "fid", "owner"])
        .where("state", "=", "stored" satisfies FileState)
        .where("id", ">", after)
        .orderBy("id")
        .limit(PAGE)
        .execute();
      for (const { id, fid, owner } of rows) yield { file: String(id), fid: fid as Fid, owner };
      const last = rows.at(-1);
      if (rows.length < PAGE || !last) return;
      after = last.id;
    }
  }
}

async function* pages<Row extends { readonly blob: string }>(
  read: (after: string) => Promise<readonly Row[]>,
): AsyncGenerator<Row, void> {
  for (let after = ""; ;) {
    const rows = await read(after);
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = last.blob;
  }
}

import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import { NETWORK_OWNER } from "../model/bucket.js";
import type { Fid } from "../model/hash.js";
import { CatalogUnusable } from "./catalog-unusable.js";
import type {
  Journal,
  LostVersion,
  Placement,
  RebuildCatalog,
  RebuiltFile,
  RebuiltJournal,
  ReplayedPage,
} from "./catalog.js";
import { raiseMark } from "./configuration-mark.js";
import { insertFile, releaseFile, removeFile } from "./file-links.js";
import { replay } from "./journal-replay.js";
import { CLAIM_DUE } from "./journal-schema.js";
import { UNITS } from "./journal-units.js";
import { fromKeyText } from "./key-text.js";
import { chunks, runsAlone, toRowId, type Store, type Tx } from "./store.js";
import { recount } from "./usage-recount.js";

/** Numbers that the lost gateway may have given to journals on their way. */
const SKIPPED = 100;
/** Files that one transaction lets go. */
const PAGE = 200;

export class RebuildTableCatalog implements RebuildCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  begin(stream: string): Promise<number> {
    return this.store.write(async (tx) => {
      const state = await tx.selectFrom("journal_state").selectAll().executeTakeFirstOrThrow();
      if (state.rebuilt_to !== null && state.rebuilt_to !== CLAIM_DUE) {
        if (state.stream === stream) {
          // What was lost then is found, or told, again.
          await tx.updateTable("versions").set({ damage: null }).where("damage", "is not", null).execute();
          return state.rebuilt_to;
        }
        throw new CatalogUnusable(
          `the catalog of the journals ${state.stream} is being rebuilt there: begin with an empty one`,
        );
      }
      await dropOwn(tx);
      for (const { tables } of UNITS)
        for (const { table } of tables) {
          const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(tx);
          if (rows.length > 0)
            throw new CatalogUnusable(
              `there is a catalog already, which has ${table}: a rebuild needs an empty one. Begin with a data folder (or database) ` +
                "that has nothing but keys.json, with cess-s3 rebuild",
            );
        }
      await tx.updateTable("journal_state").set({ stream, rebuilt_to: 0 }).execute();
      return 0;
    });
  }

  async apply(page: ReplayedPage): Promise<void> {
    await this.store.write(async (tx) => {
      await replay(tx, page);
      // What comes from a journal is no change.
      await tx.deleteFrom("journal_changes").execute();
    });
  }

  async follow(stream: string, journals: readonly Journal[], pages: AsyncIterable<ReplayedPage>): Promise<void> {
    // It awaits more than its transaction, as other intents must not: nobody else writes here, and SQLite runs it once.
    await this.store.write(async (tx) => {
      for await (const page of pages) {
        await replay(tx, page);
        await tx.deleteFrom("journal_changes").execute();
      }
      for (const journal of journals) {
        const { snapshot, whole, readAt, ...row } = journal;
        const flags = { snapshot: snapshot ? 1 : 0, whole: whole ? 1 : 0 } as const;
        // The file is another gateway's.
        const entered = { ...row, ...flags, read_at: readAt, file_id: 0, state: "counted" } as const;
        if (snapshot) await tx.deleteFrom("journals").execute();
        await tx.insertInto("journals").values(entered).execute();
      }
      await countLiveBytes(tx);
      await raiseMark(tx, "buckets");
      await tx
        .updateTable("journal_state")
        .set({ stream, rebuilt_to: journals.at(-1)?.number })
        .execute();
    });
  }

  async applied(number: number): Promise<void> {
    await this.store.write((tx) => tx.updateTable("journal_state").set({ rebuilt_to: number }).execute());
  }

  async files(after: string | undefined, limit: number): Promise<readonly RebuiltFile[]> {
    const rows = await this.store.reads
      .selectFrom("files")
      .select(["id", "fid", "owner"])
      .where("id", ">", toRowId(after ?? "") ?? 0)
      .where("journal", "is", null)
      .orderBy("id")
      .limit(limit)
      .execute();
    return rows.map(({ id, fid, owner }) => ({ id: String(id), fid: fid as Fid, owner }));
  }

  async found(id: string, placements: readonly Placement[]): Promise<void> {
    const file = toRowId(id) ?? 0;
    await this.store.write(async (tx) => {
      await tx.updateTable("files").set({ state: "stored", failure: null }).where("id", "=", file).execute();
      await tx.deleteFrom("placements").where("file_id", "=", file).execute();
      for (const { index, ...placement } of placements)
        await tx
          .insertInto("placements")
          .values({ file_id: file, fragment_index: index, ...placement })
          .execute();
    });
  }

  async missing(id: string): Promise<void> {
    await this.store.write((tx) =>
      tx
        .updateTable("files")
        .set({ state: "failed", failure: "the network does not have it" })
        .where("id", "=", toRowId(id) ?? 0)
        .execute(),
    );
  }

  lose(why: string, limit: number): Promise<readonly LostVersion[]> {
    return this.store.write(async (tx) => {
      const rows = await tx
        .selectFrom("versions as v")
        .select(["v.id", "v.bucket", "v.key", "v.version_id", "v.size"])
        .where("v.damage", "is", null)
        .where("v.delete_marker", "=", 0)
        .where("v.size", ">", 0)
        .where((eb) =>
          eb.or([
            eb.not(eb.exists(eb.selectFrom("extents as e").select("e.offset").whereRef("e.version_id", "=", "v.id"))),
            eb.exists(
              eb
                .selectFrom("extents as e")
                .leftJoin("files as f", "f.id", "e.file_id")
                .select("e.offset")
                .whereRef("e.version_id", "=", "v.id")
                .where((of) => of.or([of("f.id", "is", null), of("f.state", "=", "failed")])),
            ),
          ]),
        )
        .orderBy("v.id")
        .limit(limit)
        .execute();
      const lost = rows.map(({ id }) => id);
      for (const some of chunks(lost)) {
        await tx.deleteFrom("extents").where("version_id", "in", some).execute();
        await tx.updateTable("versions").set({ damage: why, fid: null }).where("id", "in", some).execute();
      }
      return rows.map((row) => ({
        bucket: row.bucket,
        key: fromKeyText(row.key),
        versionId: row.version_id,
        size: row.size,
      }));
    });
  }

  async end(journals: readonly RebuiltJournal[], last: number): Promise<void> {
    // No id is given twice, also not that of a file which goes now.
    await this.store.write(async (tx) => {
      if (!runsAlone(tx)) await continueCounting(tx);
    });
    await this.recount();
    await this.dropUnneeded();
    // Another machine may have been made of the same journals, and have been lost before the chain listed its first one: that
    // may still come, and must not have a number that this one gives.
    const now = this.clock.now();
    const seconds = Math.max(0, Math.floor((now - (journals.at(-1)?.readAt ?? now)) / 1000));
    await this.store.write(async (tx) => {
      await tx.deleteFrom("files").where("journal", "is not", null).execute();
      await tx.deleteFrom("journals").execute();
      for (const journal of journals) await this.enter(tx, journal);
      await tx
        .updateTable("journal_state")
        .set({ number: last + SKIPPED + seconds, snapshot_due: 0, changed_at: null, rebuilt_to: CLAIM_DUE })
        .execute();
    });
  }

  private async enter(tx: Tx, { file, owner, territory, needed, ...journal }: RebuiltJournal): Promise<void> {
    const now = this.clock.now();
    const { number } = journal;
    const id = await insertFile(tx, now, owner, { ...file, territory, blobs: [] }, null, { journal: number });
    await tx.updateTable("files").set({ state: "stored", reports: 12, declared: 1 }).where("id", "=", id).execute();
    if (needed)
      await tx
        .insertInto("journals")
        .values({
          number,
          snapshot: journal.snapshot ? 1 : 0,
          whole: journal.whole ? 1 : 0,
          file_id: id,
          fid: file.fid,
          segments: file.segments.length,
          units: journal.units,
          bytes: journal.bytes,
          read_at: journal.readAt,
          state: "counted",
        })
        .execute();
    else await releaseFile(tx, now, id);
  }

  private async recount(): Promise<void> {
    const buckets = await this.store.reads.selectFrom("buckets").select("name").execute();
    for (const { name } of buckets) await this.store.write((tx) => recount(tx, name));
    await this.store.write(async (tx) => {
      await countLiveBytes(tx);
      // The scrubber looks at each of them in its turn.
      await sql`update files set checked_at = created_at`.execute(tx);
    });
  }

  /** Files of which the network knows nothing go; those that nothing needs are deleted there. */
  private async dropUnneeded(): Promise<void> {
    for (let after = 0, more = true; more;) {
      const files = await this.store.reads
        .selectFrom("files as f")
        .select(["f.id", "f.state"])
        .where("f.id", ">", after)
        .where("f.journal", "is", null)
        .orderBy("f.id")
        .limit(PAGE)
        .execute();
      await this.store.write(async (tx) => {
        for (const { id, state } of files)
          if (state === "failed") await removeFile(tx, id);
          else await releaseFile(tx, this.clock.now(), id);
      });
      after = files.at(-1)?.id ?? after;
      more = files.length === PAGE;
    }
  }
}

/** What a gateway has in its catalog without anybody having put something there. */
async function dropOwn(tx: Tx): Promise<void> {
  await tx.deleteFrom("buckets").where("owner", "=", NETWORK_OWNER).execute();
  const buckets = tx.selectFrom("buckets").select("name");
  for (const table of ["configurations", "bucket_usage"] as const)
    await tx.deleteFrom(table).where("bucket", "not in", buckets).execute();
  const journals = await tx.selectFrom("files").select("id").where("journal", "is not", null).execute();
  for (const { id } of journals) await removeFile(tx, id);
  await tx.deleteFrom("journals").execute();
  const version = await tx.selectFrom("versions").select("id").limit(1).executeTakeFirst();
  if (!version) await tx.deleteFrom("key_uses").execute();
}

async function countLiveBytes(tx: Tx): Promise<void> {
  await sql`update files set live_bytes = coalesce((select sum(run.bytes) from (
    select max(e.stored_length) as bytes from extents e
    where e.file_id = files.id and e.digest is not null group by e."offset") as run), 0)
    where packed is not null`.execute(tx);
}

/** In PostgreSQL rows that bring their ids do not move what counts them on. */
async function continueCounting(tx: Tx): Promise<void> {
  for (const table of ["versions", "files", "lease_spends"] as const)
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), greatest((select max(id) from ${sql.table(table)}), 1))`.execute(
      tx,
    );
}

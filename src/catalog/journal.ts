import { sql, type RawBuilder } from "kysely";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import { linkFileBlobs } from "./blob-links.js";
import type {
  Journal,
  JournalCatalog,
  JournalCursor,
  JournalPage,
  JournalState,
  KnownJournal,
  NewFile,
} from "./catalog.js";
import { insertFile, releaseFile } from "./file-links.js";
import { addJob } from "./jobs.js";
import { after as beyond, changeKey, cursorOf, keysOf, unitsNow, type ChangeKey } from "./journal-rows.js";
import { CLAIM_DUE } from "./journal-schema.js";
import { grouped, unitKind, UNITS } from "./journal-units.js";
import { chunks, toRowId, type Prepared, type Store, type Tx } from "./store.js";

const VERSION = unitKind("version").kind;
const FILE = unitKind("file").kind;

export class JournalTableCatalog implements JournalCatalog {
  private readonly coverage: Prepared<{ readonly snapshot_due: number; readonly changed: number | null }>;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {
    const { reads } = store;
    this.coverage = store.prepared(
      reads
        .selectFrom("journal_state")
        .select("snapshot_due")
        .select((eb) =>
          eb
            .selectFrom("journal_changes")
            .select(({ fn }) => fn.countAll<number>().as("count"))
            .where("kind", "=", sql.lit(VERSION))
            .where("number", "=", 0)
            .as("changed"),
        ),
    );
  }

  state(): Promise<JournalState> {
    return readState(this.store.reads);
  }

  async journals(): Promise<readonly KnownJournal[]> {
    const rows = await this.store.reads
      .selectFrom("journals as j")
      .leftJoin("files as f", "f.id", "j.file_id")
      .select(["j.number", "j.snapshot", "j.whole", "j.fid", "j.segments", "j.units", "j.bytes", "j.read_at"])
      .select(["j.state as journal_state", "f.id as file", "f.state as file_state", "f.failure"])
      .orderBy("j.number")
      .execute();
    return rows.map((row) => ({
      number: row.number,
      snapshot: row.snapshot === 1,
      whole: row.whole === 1,
      fid: row.fid,
      segments: row.segments,
      units: row.units,
      bytes: row.bytes,
      readAt: row.read_at,
      state: row.journal_state,
      ...(row.file !== null &&
        row.file_state !== null && {
          file: {
            id: String(row.file),
            state: row.file_state,
            ...(row.failure !== null && { failure: row.failure }),
          },
        }),
    }));
  }

  async look(): Promise<JournalState> {
    const state = await readState(this.store.reads);
    const change = await this.store.reads
      .selectFrom("journal_changes")
      .select("kind")
      .where("journal", "=", 0)
      .limit(1)
      .executeTakeFirst();
    if (state.changedAt !== undefined || !change) return state;
    const now = this.clock.now();
    await this.store.write((tx) =>
      tx.updateTable("journal_state").set({ changed_at: now }).where("changed_at", "is", null).execute(),
    );
    return { ...state, changedAt: now };
  }

  begin(): Promise<number> {
    return this.store.write(async (tx) => {
      const ordered = tx.selectFrom("journals").select("number");
      await tx
        .updateTable("journal_changes")
        .set({ journal: 0 })
        .where("journal", "<>", 0)
        .where("journal", "not in", ordered)
        .execute();
      const row = await tx
        .updateTable("journal_state")
        .set((eb) => ({ number: eb("number", "+", 1) }))
        .returning("number")
        .executeTakeFirstOrThrow();
      return row.number;
    });
  }

  cover(journal: number, limit: number): Promise<boolean> {
    return this.store.write(async (tx) => {
      const changes = await changesAfter(tx, undefined, limit);
      for (const keys of among(changes)) await tx.updateTable("journal_changes").set({ journal }).where(keys).execute();
      return changes.length === limit;
    });
  }

  async all(after: JournalCursor | undefined, limit: number): Promise<JournalPage> {
    const first = UNITS.findIndex(({ name }) => name === (after?.unit ?? UNITS[0]?.name));
    for (const kind of UNITS.slice(first)) {
      const from = kind.name === after?.unit ? after.key : undefined;
      const keys = await keysOf(this.store.reads, kind, from, limit);
      const last = keys.at(-1);
      if (last) return { units: await unitsNow(this.store.reads, keys), next: cursorOf(last) };
    }
    return { units: [] };
  }

  /** Alone on the catalog: nothing changes while the units are read. */
  take(journal: number, after: JournalCursor | undefined, limit: number): Promise<JournalPage> {
    return this.store.write(async (tx) => {
      const changes = await changesAfter(tx, after, limit);
      for (const keys of among(changes)) await tx.updateTable("journal_changes").set({ journal }).where(keys).execute();
      const units = await unitsNow(tx, changes);
      const last = changes.at(-1);
      return { units, ...(last && changes.length === limit && { next: cursorOf(last) }) };
    });
  }

  async order(journal: Journal, file: NewFile, owner: string): Promise<void> {
    await this.store.write(async (tx) => {
      const now = this.clock.now();
      const id = await insertFile(tx, now, owner, file, null, { journal: journal.number });
      await linkFileBlobs(tx, id, file.blobs);
      await addJob(tx, now, "store", id);
      await tx.updateTable("journal_state").set({ rebuilt_to: null }).execute();
      await tx
        .insertInto("journals")
        .values({
          number: journal.number,
          snapshot: journal.snapshot ? 1 : 0,
          whole: journal.whole ? 1 : 0,
          file_id: id,
          fid: journal.fid,
          segments: journal.segments,
          units: journal.units,
          bytes: journal.bytes,
          read_at: journal.readAt,
          state: "ordered",
        })
        .execute();
    });
  }

  async stored(number: number): Promise<void> {
    await this.store.write(async (tx) => {
      const journal = await tx
        .updateTable("journals")
        .set({ state: "stored" })
        .where("number", "=", number)
        .where("state", "=", "ordered")
        .returning(["whole", "read_at"])
        .executeTakeFirst();
      // Without the rest nothing that it has counts.
      if (journal?.whole !== 1) return;
      const snapshot = await tx
        .selectFrom("journals")
        .select(({ fn }) => fn.max("number").as("number"))
        .where("snapshot", "=", 1)
        .where("number", "<=", number)
        .executeTakeFirst();
      const change = await tx
        .selectFrom("journal_changes")
        .select("kind")
        .where((eb) => eb.or([eb("journal", "=", 0), eb("journal", ">", number)]))
        .limit(1)
        .executeTakeFirst();
      await tx
        .updateTable("journal_state")
        // What is left has changed after the journal was read.
        .set({ changed_at: change ? journal.read_at : null, ...(snapshot?.number != null && { snapshot_due: 0 }) })
        .execute();
      const replaced = await tx
        .deleteFrom("journals")
        .where("number", "<", snapshot?.number ?? 0)
        .returning("file_id")
        .execute();
      for (const row of replaced) await releaseFile(tx, this.clock.now(), row.file_id);
    });
  }

  async forget(number: number, limit: number): Promise<boolean> {
    const left = await this.forgetSome(limit, sql<boolean>`journal between 1 and ${number}`);
    if (!left)
      await this.store.write((tx) =>
        tx
          .updateTable("journals")
          .set({ state: "counted" })
          .where("number", "<=", number)
          .where("state", "=", "stored")
          .execute(),
      );
    return left;
  }

  async drop(number: number): Promise<void> {
    await this.store.write(async (tx) => {
      const row = await tx
        .deleteFrom("journals")
        .where("number", "=", number)
        .returning(["file_id", "state"])
        .executeTakeFirst();
      if (!row) return;
      await tx.updateTable("journal_changes").set({ journal: 0 }).where("journal", "=", number).execute();
      // The others count no more without one of them.
      if (row.state !== "ordered")
        await tx
          .updateTable("journal_state")
          .set((eb) => ({ snapshot_due: 1, changed_at: eb.fn.coalesce("changed_at", eb.val(this.clock.now())) }))
          .execute();
      await releaseFile(tx, this.clock.now(), row.file_id);
    });
  }

  async discard(limit: number): Promise<boolean> {
    const { snapshotDue, changedAt } = await this.state();
    const change = await this.store.reads.selectFrom("journal_changes").select("kind").limit(1).executeTakeFirst();
    if (!change) return false;
    if (!snapshotDue || changedAt !== undefined)
      await this.store.write((tx) =>
        tx.updateTable("journal_state").set({ snapshot_due: 1, changed_at: null }).execute(),
      );
    return this.forgetSome(limit, sql<boolean>`1 = 1`);
  }

  private forgetSome(limit: number, which: RawBuilder<boolean>): Promise<boolean> {
    return this.store.write(async (tx) => {
      const changes = await tx
        .selectFrom("journal_changes")
        .select(["kind", "number", "name"])
        .where(which)
        .limit(limit)
        .execute();
      for (const keys of among(changes)) await tx.deleteFrom("journal_changes").where(keys).where(which).execute();
      return changes.length === limit;
    });
  }

  async covers(version: string): Promise<boolean> {
    const [row] = await this.coverage([toRowId(version) ?? 0]);
    return row?.snapshot_due === 0 && row.changed === 0;
  }

  async holds(file: string, since: number): Promise<boolean> {
    const id = toRowId(file) ?? 0;
    const row = await this.store.reads
      .selectFrom("journal_changes as c")
      .innerJoin("jobs as j", (join) => join.onRef("j.subject", "=", "c.number").on("j.kind", "=", "delete"))
      .select("c.kind")
      .where("c.kind", "=", FILE)
      .where("c.number", "=", id)
      .where("j.created_at", ">=", since)
      .executeTakeFirst();
    if (!row) return false;
    // Also the first snapshot, when it is on its way: it may be on the network already.
    return (await this.store.reads.selectFrom("journals").select("number").limit(1).executeTakeFirst()) !== undefined;
  }

  async unknown(fids: readonly Fid[]): Promise<Fid[]> {
    const unknown = new Set(fids);
    for (const some of chunks(fids)) {
      const rows = await this.store.reads.selectFrom("files").select("fid").where("fid", "in", some).execute();
      for (const { fid } of rows) unknown.delete(fid as Fid);
    }
    return [...unknown];
  }

  async pending(): Promise<number> {
    const row = await this.store.reads
      .selectFrom("journal_changes")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return row.count;
  }
}

/** Changes that no journal has taken, in the order of their keys. */
function changesAfter(tx: Tx, after: JournalCursor | undefined, limit: number): Promise<ChangeKey[]> {
  const query = tx
    .selectFrom("journal_changes")
    .select(["kind", "number", "name"])
    .where("journal", "=", 0)
    .orderBy("kind")
    .orderBy("number")
    .orderBy("name")
    .limit(limit);
  return (after ? query.where(beyond(changeKey(after))) : query).execute();
}

async function readState(db: Tx): Promise<JournalState> {
  const row = await db.selectFrom("journal_state").selectAll().executeTakeFirstOrThrow();
  return {
    stream: row.stream,
    number: row.number,
    snapshotDue: row.snapshot_due === 1,
    ...(row.changed_at !== null && { changedAt: row.changed_at }),
    ...(row.rebuilt_to === CLAIM_DUE && { claimDue: true as const }),
    ...(row.rebuilt_to !== null && row.rebuilt_to !== CLAIM_DUE && { rebuiltTo: row.rebuilt_to }),
  };
}

/** Conditions that together hold for exactly these changes. */
function* among(changes: readonly ChangeKey[]): Generator<RawBuilder<boolean>> {
  for (const [kind, own] of grouped(changes, (change) => change.kind)) {
    const column = UNITS.find((each) => each.kind === kind)?.keyIs ?? "number";
    for (const some of chunks(own.map((change) => change[column])))
      yield sql<boolean>`kind = ${sql.lit(kind)} and ${sql.ref(column)} in (${sql.join(some)})`;
  }
}

import { sql, type RawBuilder } from "kysely";
import type { JournalCursor, JournalUnit } from "./catalog.js";
import { grouped, packRow, UNITS, unitKind, unitsOf, type UnitKind } from "./journal-units.js";
import { chunks, type Tx } from "./store.js";

/** A row of `journal_changes`. */
export interface ChangeKey {
  readonly kind: number;
  readonly number: number;
  readonly name: string;
}

/** What a file's row tells of the journal, or the share's snapshot, that it is; nothing when nobody needs that any more. */
export async function journalNamed(db: Tx, number: number, file: number) {
  const shared = await db.selectFrom("share_snapshots").select("name").where("file_id", "=", file).executeTakeFirst();
  if (shared) return { chainName: shared.name };
  const row = await db
    .selectFrom("journals")
    .select(["snapshot", "whole", "number"])
    .select((eb) => eb.selectFrom("journal_state").select("stream").as("stream"))
    .where("number", "=", number)
    .executeTakeFirst();
  return (
    row && {
      journal: { snapshot: row.snapshot === 1, whole: row.whole === 1, number: row.number, stream: row.stream ?? "" },
    }
  );
}

export function changeKey({ unit, key }: JournalCursor): ChangeKey {
  const { kind } = unitKind(unit);
  return typeof key === "number" ? { kind, number: key, name: "" } : { kind, number: 0, name: key };
}

export function cursorOf({ kind, number, name }: ChangeKey): JournalCursor {
  const found = kindOf(kind);
  return { unit: found.name, key: found.keyIs === "number" ? number : name };
}

/** Whether a change comes after this one, in the order of the primary key. */
export function after({ kind, number, name }: ChangeKey): RawBuilder<boolean> {
  return sql<boolean>`(kind, number, name) > (${kind}, ${number}, ${name})`;
}

/** The units of these changes, as they are now. */
export async function unitsNow(db: Tx, changes: readonly ChangeKey[]): Promise<JournalUnit[]> {
  const units: JournalUnit[] = [];
  for (const [kind, own] of grouped(changes, (change) => change.kind))
    units.push(...(await read(db, kindOf(kind), own)));
  return units;
}

async function read(db: Tx, kind: UnitKind, changes: readonly ChangeKey[]): Promise<JournalUnit[]> {
  const keys = changes.map(({ number, name }) => (kind.keyIs === "number" ? number : name));
  const units: JournalUnit[] = [];
  for (const some of chunks(keys)) {
    const rows = [];
    for (const { table, key, columns } of kind.tables) {
      const names = sql.join(columns.map((column) => sql.ref(column)));
      // In the order of the first columns, so that one state has one text.
      const order = sql.join(columns.slice(0, 2).map((column) => sql.ref(column)));
      const { rows: found } = await sql<Readonly<Record<string, unknown>>>`
        select ${names} from ${sql.table(table)} where ${sql.ref(key)} in (${sql.join(some)}) order by ${order}`.execute(
        db,
      );
      rows.push(found.map(packRow));
    }
    units.push(...unitsOf(kind, some, rows));
  }
  return units;
}

/** Keys of all there is of a kind, after one of them. */
export async function keysOf(
  db: Tx,
  { kind, keyIs, tables: [{ table, key }] }: UnitKind,
  from: number | string | undefined,
  limit: number,
): Promise<ChangeKey[]> {
  const beyond = from === undefined ? sql`1 = 1` : sql`${sql.ref(key)} > ${from}`;
  // The journals themselves are no part of what they tell.
  const own = table === "files" ? sql`and journal is null` : sql``;
  const { rows } = await sql<{ readonly key: number | string }>`
    select distinct ${sql.ref(key)} as key from ${sql.table(table)} where ${beyond} ${own}
    order by ${sql.ref(key)} limit ${limit}`.execute(db);
  return rows.map((row) => ({
    kind,
    number: keyIs === "number" ? Number(row.key) : 0,
    name: keyIs === "name" ? String(row.key) : "",
  }));
}

function kindOf(number: number): UnitKind {
  const found = UNITS.find(({ kind }) => kind === number);
  if (!found) throw new Error(`the catalog has changes of the kind ${number}, which this program does not know`);
  return found;
}

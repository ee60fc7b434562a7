import { sql, type RawBuilder } from "kysely";
import type { ReplayedPage, UnitRow } from "./catalog.js";
import { grouped, unitKind, UNITS, unpackRow, type UnitTable } from "./journal-units.js";
import { chunks, type Tx } from "./store.js";

/** Rows of one insert: with all their columns they are within every dialect's limit of bound values. */
const INSERTED = 200;

/**
 * Gives units the state that a journal has of them. Between two pages of a journal rows may contradict each other: one that
 * comes later takes the place of one that it cannot stand beside, whose own state comes later still.
 */
export async function replay(tx: Tx, { units, gone }: ReplayedPage): Promise<void> {
  if (gone) await clear(tx, gone);
  // The last state counts.
  const last = new Map(units.map((unit) => [`${unit.unit} ${unit.key}`, unit]));
  for (const [name, own] of grouped([...last.values()], ({ unit }) => unit)) {
    for (const table of unitKind(name).tables) {
      for (const some of chunks(own.map(({ key }) => key)))
        await sql`delete from ${sql.table(table.table)} where ${sql.ref(table.key)} in (${sql.join(some)})`.execute(tx);
      await insert(
        tx,
        table,
        own.flatMap(({ rows }) => rows?.[table.table] ?? []),
      );
    }
  }
}

/** What stays is inserted anew. */
async function clear(tx: Tx, { after, to }: NonNullable<ReplayedPage["gone"]>): Promise<void> {
  const first = after ? unitKind(after.unit).kind : 0;
  const last = to ? unitKind(to.unit).kind : Infinity;
  for (const { kind, tables } of UNITS) {
    if (kind < first || kind > last) continue;
    for (const { table, key } of tables) {
      const above = kind === first ? sql`${sql.ref(key)} > ${after?.key}` : sql`1 = 1`;
      const below = kind === last ? sql`${sql.ref(key)} <= ${to?.key}` : sql`1 = 1`;
      await sql`delete from ${sql.table(table)} where ${above} and ${below}`.execute(tx);
    }
  }
}

async function insert(tx: Tx, table: UnitTable, rows: readonly UnitRow[]): Promise<void> {
  const { unique, table: name } = table;
  let wanted = rows;
  if (unique) {
    wanted = latest(rows, unique);
    for (const some of chunks(wanted, INSERTED))
      await sql`delete from ${sql.table(name)} where ${tuples(unique, some)}`.execute(tx);
  }
  if (name === "versions") wanted = await onlyLatest(tx, wanted);
  for (const some of chunks(wanted, INSERTED)) {
    const unpacked = some.map((row) => unpackRow(table, row));
    const columns = Object.keys(unpacked[0] ?? {});
    const values = unpacked.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
    const names = sql.join(columns.map((column) => sql.ref(column)));
    await sql`insert into ${sql.table(name)} (${names}) values ${sql.join(values)}`.execute(tx);
  }
}

/** Of rows that cannot stand beside each other the last one. */
function latest(rows: readonly UnitRow[], unique: readonly string[]): UnitRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(unique.map((column) => row[column])), row])).values()];
}

/** Of each key one version is the current one: the last that says so. */
async function onlyLatest(tx: Tx, rows: readonly UnitRow[]): Promise<UnitRow[]> {
  const current = latest(
    rows.filter((row) => row["is_latest"] === 1),
    ["bucket", "key"],
  );
  for (const some of chunks(current, INSERTED))
    await sql`update versions set is_latest = 0 where is_latest = 1 and ${tuples(["bucket", "key"], some)}`.execute(tx);
  const kept = new Set(current);
  return rows.map((row) => (row["is_latest"] === 1 && !kept.has(row) ? { ...row, is_latest: 0 } : row));
}

function tuples(columns: readonly string[], rows: readonly UnitRow[]): RawBuilder<boolean> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
  return sql<boolean>`(${names}) in (values ${sql.join(values)})`;
}

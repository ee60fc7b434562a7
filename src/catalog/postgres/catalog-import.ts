import { z } from "zod";
import { CatalogUnusable } from "../catalog-unusable.js";
import type { CatalogMark } from "../catalog.js";
import { MODULUS, type CatalogRows, type TableColumns, type Totals } from "../sqlite/catalog-rows.js";
import type { Session } from "./session.js";

/** Rows of one transaction. */
const BATCH = 1000;

/**
 * Tables in the order in which they are brought. Not among them: those that tell of running gateways, which is nobody's
 * business there, and the catalog's mark, which comes last.
 */
const TABLES = [
  "buckets",
  "configurations",
  "versions",
  "version_blobs",
  "extents",
  "files",
  "file_blobs",
  "placements",
  "failing_nodes",
  "failing_fragments",
  "pack_queue",
  "pack_moves",
  "take_overs",
  "uploads",
  "parts",
  "preparations",
  "jobs",
  "extrinsics",
  "final_blocks",
  "key_uses",
  "events",
  "dropped_events",
  "lease_notices",
  "lease_spends",
  "accounts",
  "access_keys",
  "bucket_usage",
  "usage_slots",
  "used_challenges",
  "paid_authorizations",
  "deleted_files",
  "journals",
  "shares",
  "share_snapshots",
] as const;

/** Tables that a new catalog makes itself, or that tell of running processes. */
export const NOT_BROUGHT: readonly string[] = [
  ...["catalog_mark", "configuration_mark", "gateways", "heartbeat", "locks"],
  // They come at the end, with a snapshot that is due.
  ...["journal_changes", "journal_state"],
];

export const BROUGHT: readonly string[] = TABLES;

/** A row's primary key, as it is kept in `position`. */
const key = z.array(z.union([z.string(), z.number()]));

interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * Brings a catalog's rows from its file into PostgreSQL, in transactions that also note how far they have come, in the table
 * `catalog_import`: an import that was broken off goes on from there. While that table is there, no gateway starts.
 */
export class CatalogImport {
  constructor(
    private readonly session: Session,
    private readonly source: CatalogRows,
  ) {}

  /** Rejects with CatalogUnusable where the database has a catalog already, or the import of another one. */
  async begin(): Promise<void> {
    const { catalog } = this.source.mark();
    await this.session.run("begin");
    const there = await this.session.run("select to_regclass('catalog_import') is not null as there", []);
    if ((there.rows[0] as { readonly there: boolean }).there) {
      const { rows } = await this.session.run("select catalog from catalog_import limit 1", []);
      await this.session.run("commit");
      if ((rows[0] as { readonly catalog: string } | undefined)?.catalog === catalog) return;
      throw new CatalogUnusable("another catalog is being brought into this database: name an empty one");
    }
    for (const table of TABLES) {
      const { rows } = await this.session.run(`select 1 from "${table}" limit 1`, []);
      if (rows.length === 0) continue;
      await this.session.run("rollback");
      throw new CatalogUnusable(`the database has a catalog already (there are ${table}): name an empty one`);
    }
    await this.session.run(
      "create table catalog_import (catalog text not null, name text primary key, position text, ended integer not null)",
    );
    for (const table of TABLES)
      await this.session.run("insert into catalog_import (catalog, name, ended) values ($1, $2, 0)", [catalog, table]);
    await this.session.run("commit");
  }

  /** `told`: the table, and its rows that this run has brought. */
  async copy(told: (table: string, rows: number) => void): Promise<void> {
    for (const table of TABLES) {
      const { rows } = await this.session.run("select position, ended from catalog_import where name = $1", [table]);
      const [state] = rows as { readonly position: string | null; readonly ended: number }[];
      if (!state || state.ended === 1) continue;
      await this.copyTable(table, state.position, told);
    }
  }

  private async copyTable(
    table: string,
    position: string | null,
    told: (table: string, rows: number) => void,
  ): Promise<void> {
    const from = this.source.columnsOf(table);
    const types = await this.typesOf(from);
    const columns = types.map(({ name }) => `"${name}"`).join(", ");
    const arrays = types.map(({ type }, at) => `$${at + 1}::${type}[]`).join(", ");
    const insert = `insert into "${table}" (${columns}) select * from unnest(${arrays})`;
    let after: readonly unknown[] | undefined = position === null ? undefined : key.parse(JSON.parse(position));
    for (let brought = 0; ;) {
      const rows = this.source.page(from, after, BATCH);
      const last = rows.at(-1);
      if (last) after = from.key.map((name) => last[from.columns.indexOf(name)]);
      await this.session.run("begin");
      if (last)
        await this.session.run(
          insert,
          types.map((_, at) => rows.map((row) => bytes(row[at]))),
        );
      const ended = rows.length < BATCH;
      await this.session.run("update catalog_import set position = $2, ended = $3 where name = $1", [
        table,
        after === undefined ? null : JSON.stringify(after),
        ended ? 1 : 0,
      ]);
      await this.session.run("commit");
      brought += rows.length;
      told(table, brought);
      if (ended) return;
    }
  }

  /** Of the columns, in their order in the file. Throws CatalogUnusable for one that the database lacks. */
  private async typesOf({ table, columns }: TableColumns): Promise<Column[]> {
    const { rows } = await this.session.run(
      "select column_name as name, data_type as type from information_schema.columns " +
        "where table_schema = current_schema() and table_name = $1",
      [table],
    );
    const types = new Map((rows as Column[]).map((column) => [column.name, column]));
    return columns.map((name) => {
      const column = types.get(name);
      if (!column)
        throw new CatalogUnusable(`the table ${table} of the file has a column ${name}, which the database lacks`);
      return column;
    });
  }

  /** What the rows on both sides add up to where it differs; nothing else may have written to either meanwhile. */
  async differences(): Promise<string[]> {
    const found: string[] = [];
    for (const table of TABLES) {
      const from = this.source.columnsOf(table);
      const ours = this.source.totals(from);
      const theirs = await this.totals(from, ours);
      for (const [column, total] of Object.entries(ours))
        if (theirs[column] !== total)
          found.push(`${table}.${column}: ${total} in the file, ${theirs[column]} in PostgreSQL`);
    }
    return found;
  }

  private async totals(from: TableColumns, wanted: Totals): Promise<Totals> {
    const types = await this.typesOf(from);
    const sums = types
      .filter(({ name }) => name in wanted)
      .map(({ name, type }) => {
        const measured = type === "text" || type === "bytea" ? `octet_length("${name}")` : `"${name}" % ${MODULUS}`;
        return `coalesce(sum(${measured}), 0) as "${name}"`;
      });
    const { rows } = await this.session.run(`select count(*) as rows, ${sums.join(", ")} from "${from.table}"`, []);
    return rows[0] as Totals;
  }

  /** The database has the catalog from now on. */
  async end(): Promise<CatalogMark> {
    const { catalog, generation } = this.source.mark();
    await this.session.run("begin");
    for (const table of TABLES) {
      const id = this.source.greatestId(table);
      if (id > 0) await this.session.run("select setval(pg_get_serial_sequence($1, 'id'), $2)", [table, id]);
    }
    const mark = { catalog, generation: generation + 1 };
    const row = { ...this.source.markRow(), ...mark };
    const columns = Object.keys(row).map((name, at) => `"${name}" = $${at + 1}`);
    await this.session.run(`update catalog_mark set ${columns.join(", ")}`, Object.values(row));
    const { stream, number } = this.source.journalState();
    // Each row that was brought counts as changed there: with a snapshot nothing of that is needed, but a reason for it.
    await this.session.run("update journal_state set stream = $1, number = $2", [stream, number]);
    await this.session.run("delete from journal_changes");
    await this.session.run("insert into journal_changes (kind, number, name) select 1, 0, name from buckets limit 1");
    await this.session.run("drop table catalog_import");
    await this.session.run("commit");
    return mark;
  }
}

/** Blobs come as ArrayBuffers from the file. */
function bytes(value: unknown): unknown {
  return value instanceof ArrayBuffer ? Buffer.from(value) : value;
}

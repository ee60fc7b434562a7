import Database from "libsql";
import type { CatalogMark } from "../catalog.js";
import { namingDamage } from "./damage.js";
import { markMoved, movedTo } from "./moved-catalog.js";

/** Text columns of what went wrong, in any words: their lengths are not compared, since U+0000 is replaced in PostgreSQL. */
const WORDS: ReadonlySet<string> = new Set(["failure", "damage"]);

/** Numbers are added up by what is left of them: times of many rows would be beyond every whole number. */
export const MODULUS = 1_000_003;

export interface TableColumns {
  readonly table: string;
  readonly columns: readonly string[];
  /** Its primary key, in order. */
  readonly key: readonly string[];
}

/** What a table's rows add up to: how many, and for each column its numbers, or the bytes of its texts. */
export type Totals = Readonly<Record<string, number>>;

/** The rows of a catalog's file, table by table, for who brings them elsewhere. */
export class CatalogRows {
  private constructor(private readonly database: Database.Database) {}

  /** The file must exist, at the newest schema. Rejects with CatalogUnusable where it is damaged. */
  static open(path: string): Promise<CatalogRows> {
    return namingDamage(path, () => {
      const database = new Database(path, { fileMustExist: true });
      database.prepare("select count(*) from sqlite_master").get();
      return new CatalogRows(database);
    });
  }

  mark(): CatalogMark {
    const row = this.database.prepare("select catalog, generation from catalog_mark").get() as CatalogMark;
    return { catalog: row.catalog, generation: row.generation };
  }

  /** The row of `catalog_mark`, with all its columns. */
  markRow(): Readonly<Record<string, unknown>> {
    const { columns } = this.columnsOf("catalog_mark");
    const names = columns.map((name) => `"${name}"`).join(", ");
    const [row] = this.database.prepare(`select ${names} from catalog_mark`).raw().all() as unknown[][];
    return Object.fromEntries(columns.map((name, at) => [name, row?.[at]]));
  }

  /** Which journals are this catalog's, and the number of the last one. */
  journalState(): { readonly stream: string; readonly number: number } {
    const row = this.database.prepare("select stream, number from journal_state").get() as {
      readonly stream: string;
      readonly number: number;
    };
    return { stream: row.stream, number: row.number };
  }

  get movedTo(): string | undefined {
    return movedTo(this.database);
  }

  markMoved(place: string): void {
    markMoved(this.database, place);
  }

  columnsOf(table: string): TableColumns {
    const rows = this.database.prepare(`select name, pk from pragma_table_info('${table}') order by cid`).all() as {
      readonly name: string;
      readonly pk: number;
    }[];
    const key = rows.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    return { table, columns: rows.map(({ name }) => name), key: key.map(({ name }) => name) };
  }

  /** Rows in order of their key, after this one. */
  page({ table, columns, key }: TableColumns, after: readonly unknown[] | undefined, limit: number): unknown[][] {
    const names = (list: readonly string[]) => list.map((name) => `"${name}"`).join(", ");
    const where = after === undefined ? "" : `where (${names(key)}) > (${key.map(() => "?").join(", ")})`;
    const text = `select ${names(columns)} from "${table}" ${where} order by ${names(key)} limit ?`;
    return this.database
      .prepare(text)
      .raw()
      .all([...(after ?? []), limit]) as unknown[][];
  }

  totals({ table, columns }: TableColumns): Totals {
    const compared = columns.filter((column) => !WORDS.has(column));
    const sums = compared.map((column) => {
      const name = `"${column}"`;
      // Fractions are rounded up on the way.
      const whole = `cast(${name} as integer) + (${name} > cast(${name} as integer))`;
      return (
        `coalesce(sum(case when typeof(${name}) in ('text', 'blob') then length(cast(${name} as blob)) ` +
        `else (${whole}) % ${MODULUS} end), 0)`
      );
    });
    const [row] = this.database
      .prepare(`select count(*), ${sums.join(", ")} from "${table}"`)
      .raw()
      .all() as number[][];
    return Object.fromEntries(["rows", ...compared].map((name, at) => [name, row?.[at] ?? 0]));
  }

  /** The greatest id that the table has ever had; 0 where it counts none. */
  greatestId(table: string): number {
    const row = this.database.prepare("select seq from sqlite_sequence where name = ?").get([table]) as
      { readonly seq: number } | undefined;
    return row?.seq ?? 0;
  }

  close(): void {
    this.database.close();
  }
}

import type { Selectable } from "kysely";
import type { JournalUnit, UnitName, UnitRow } from "./catalog.js";
import type { Schema } from "./schema.js";
import { withoutDataKey } from "./segment-columns.js";

/** What a unit has of one table. */
export interface UnitTable<Table extends keyof Schema = keyof Schema> {
  readonly table: Table;
  /** The column that holds the unit's key. */
  readonly key: string;
  readonly columns: readonly string[];
  /** Rows of others that a unit's new rows take the place of: these columns are unique. Their own state comes later. */
  readonly unique?: readonly string[];
  /** Columns that a rebuild gives to each row. */
  readonly rebuilt?: Readonly<Record<string, number | null | string>>;
}

export interface UnitKind {
  readonly name: UnitName;
  /** As `journal_changes.kind` has it. */
  readonly kind: number;
  readonly keyIs: "number" | "name";
  /** The first one has one row for each unit. */
  readonly tables: readonly [UnitTable, ...UnitTable[]];
}

const of = <Table extends keyof Schema>(
  table: Table,
  key: keyof Schema[Table] & string,
  columns: readonly (keyof Selectable<Schema[Table]> & string)[],
  more: Pick<UnitTable, "unique" | "rebuilt"> = {},
): UnitTable => ({ table, key, columns, ...more });

/** A file that a journal names is on the network, or the rebuild finds that it is not. */
const STORED = {
  state: "stored",
  reports: 12,
  declared: 1,
  failure: null,
  signed_nonce: null,
  signed_until_block: null,
} as const;

/** In the order in which a snapshot has them. */
export const UNITS: readonly UnitKind[] = [
  {
    name: "bucket",
    kind: 1,
    keyIs: "name",
    tables: [
      of("buckets", "name", ["name", "owner", "region", "created_at"]),
      of("configurations", "bucket", ["bucket", "name", "document"]),
      of("bucket_usage", "bucket", ["bucket", "quota_bytes", "quota_objects"], {
        rebuilt: { bytes: 0, upload_bytes: 0, objects: 0 },
      }),
    ],
  },
  {
    name: "version",
    kind: 2,
    keyIs: "number",
    tables: [
      of(
        "versions",
        "id",
        [
          ...(["id", "bucket", "key", "version_id", "is_latest", "delete_marker", "owner", "size", "etag"] as const),
          ...(["created_at", "fid", "content", "metadata", "checksum", "parts", "tags", "lock", "acl"] as const),
          "encryption",
        ],
        { unique: ["bucket", "key", "version_id"], rebuilt: { staged_segments: 0, damage: null } },
      ),
      of("extents", "version_id", [
        ...(["version_id", "position", "file_id", "offset", "length", "stored_length", "digest"] as const),
      ]),
    ],
  },
  {
    name: "file",
    kind: 3,
    keyIs: "number",
    tables: [
      of(
        "files",
        "id",
        [
          ...(["id", "owner", "fid", "territory", "segment_count", "size", "created_at", "format"] as const),
          ...(["segments", "packed"] as const),
        ],
        { unique: ["fid", "owner"], rebuilt: STORED },
      ),
      of("pack_moves", "file_id", ["file_id", "offset", "length", "source_id", "source_offset"]),
    ],
  },
  {
    name: "account",
    kind: 4,
    keyIs: "name",
    tables: [
      of("accounts", "id", [
        ...(["id", "name", "cess_account", "territory", "reads_network", "created_at", "disabled_at"] as const),
        ...(["quota_bytes", "quota_objects"] as const),
      ]),
    ],
  },
  {
    name: "access-key",
    kind: 5,
    keyIs: "name",
    tables: [of("access_keys", "id", ["id", "account", "secret", "limits", "policy", "created_at"])],
  },
  { name: "key-use", kind: 6, keyIs: "name", tables: [of("key_uses", "key_id", ["key_id", "since"])] },
  {
    name: "deleted-file",
    kind: 7,
    keyIs: "name",
    tables: [of("deleted_files", "fid", ["fid", "account", "block", "deleted_at"])],
  },
  {
    name: "lease-spend",
    kind: 8,
    keyIs: "number",
    tables: [
      of("lease_spends", "id", [
        ...(["id", "kind", "cess_account", "territory", "amount", "before", "at"] as const),
        ...(["nonce", "until_block", "ended"] as const),
      ]),
    ],
  },
  {
    name: "share",
    kind: 9,
    keyIs: "name",
    tables: [of("shares", "id", ["id", "bucket", "recipient", "created_at"])],
  },
];

export function unitKind(name: UnitName): UnitKind {
  const found = UNITS.find((kind) => kind.name === name);
  if (!found) throw new Error(`there is no unit ${name}`);
  return found;
}

/** Of what a driver gives. A data key is in the version, too, wrapped: the file's goes when it is stored. */
export function packRow(row: Readonly<Record<string, unknown>>): UnitRow {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, packed(column, value)]));
}

function packed(column: string, value: unknown): string | number | null {
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (column === "format") return withoutDataKey(value as string | null);
  return value as string | number | null;
}

/** As the table takes it: columns that it does not have are refused by the database. */
export function unpackRow({ rebuilt }: UnitTable, row: UnitRow): Record<string, unknown> {
  return { ...row, ...("segments" in row && { segments: Buffer.from(String(row["segments"]), "base64") }), ...rebuilt };
}

/** Groups rows of a unit's tables by unit, in the order of the keys. */
export function unitsOf(
  { name, tables }: UnitKind,
  keys: readonly (number | string)[],
  rows: readonly (readonly UnitRow[])[],
): JournalUnit[] {
  const byTable = tables.map(({ key }, table) => grouped(rows[table] ?? [], (row) => row[key]));
  return keys.map((key) => {
    // Without its first row a unit does not exist.
    if (!byTable[0]?.has(key)) return { unit: name, key };
    const own = tables.map(({ table }, index) => [table, byTable[index]?.get(key) ?? []] as const);
    return { unit: name, key, rows: Object.fromEntries(own.filter(([, found]) => found.length > 0)) };
  });
}

export function grouped<Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const known = groups.get(keyOf(value));
    if (known) known.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}

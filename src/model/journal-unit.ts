/** What changes as one in a journal: a bucket with its documents, a version with its extents, a file, and so on. */
export const unitNames = [
  "bucket",
  "version",
  "file",
  "account",
  "access-key",
  "key-use",
  "deleted-file",
  "lease-spend",
  "share",
] as const;
export type UnitName = (typeof unitNames)[number];

/** Of a table's columns, by their names; bytes in base64. */
export type UnitRow = Readonly<Record<string, string | number | null>>;

/** The state of one unit. */
export interface JournalUnit {
  readonly unit: UnitName;
  /** A row id, or a name. */
  readonly key: number | string;
  /** By table; absent: it was deleted. */
  readonly rows?: Readonly<Record<string, readonly UnitRow[]>>;
}

import type { ColumnDataType, ColumnDefinitionBuilder, Expression } from "kysely";

type DataType = ColumnDataType | Expression<unknown>;

/** Column types that differ between dialects. */
export interface ColumnTypes {
  /** Text that compares by its unsigned UTF-8 bytes (SQLite: BINARY, PostgreSQL: COLLATE "C"). */
  readonly key: DataType;
  readonly bytes: DataType;
  /** Whole numbers to 2^53. */
  readonly whole: DataType;
  /** A primary key that the database counts up and never reuses. */
  readonly counted: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
}

/** 0 or 1: a number in every dialect. */
export type Flag = 0 | 1;
